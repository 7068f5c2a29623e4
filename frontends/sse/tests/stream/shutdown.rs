//! Shutdown ends every stream, and cleanly.

use crate::client::{Client, parse};
use crate::common::{DEADLINE, Served, builder};
use eventweir::Shutdown;
use eventweir_sse::{SseConfig, SseFrontend};
use eventweir_web::WebConfig;

#[tokio::test]
async fn all_streams_end_when_the_broker_closes() {
    let served = Served::start().await;
    let mut idle = Client::open(served.address, "/idle").await;
    let mut busy = Client::open(served.address, "/a?data=raw").await;
    idle.until_text("id:").await;
    busy.until_text("id:").await;
    served.publish("/a", "last words").await;
    busy.messages(1).await;
    served.broker.close().await.unwrap();
    assert_eq!(parse(idle.rest().await.as_bytes()).0, []);
    let text = busy.rest().await;
    assert!(text.ends_with("data: last words\n\n"), "{text}");
}

#[tokio::test]
async fn a_closing_broker_asks_to_come_again() {
    let served = Served::start().await;
    served.broker.close().await.unwrap();
    let client = Client::open(served.address, "/a").await;
    assert!(
        client.head.starts_with("http/1.0 503") && client.head.contains("retry-after: 1"),
        "{}",
        client.head
    );
}

#[tokio::test]
async fn a_transport_drains_and_returns() {
    let mut web = WebConfig::default();
    web.listen = ([127, 0, 0, 1], 0).into();
    let frontend = SseFrontend::bind(web, SseConfig::default()).await.unwrap();
    let address = frontend.local_addr();
    let broker = builder().transport(frontend).build().unwrap();
    let shutdown = Shutdown::new();
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { broker.run(shutdown).await }
    });
    let mut client = Client::open(address, "/a").await;
    client.until_text("id:").await;
    shutdown.begin();
    assert!(client.rest().await.ends_with("\n\n"));
    tokio::time::timeout(DEADLINE, running).await.unwrap().unwrap().unwrap();
}
