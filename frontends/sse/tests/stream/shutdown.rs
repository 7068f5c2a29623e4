//! Shutdown ends every stream, and cleanly.

use crate::client::{Client, parse};
use crate::common::Served;

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
    assert_eq!(parse(idle.to_end().await.as_bytes()).0, []);
    let text = busy.to_end().await;
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
