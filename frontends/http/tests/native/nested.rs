use eventweir::Broker;
use eventweir_http::{HttpConfig, router};
use eventweir_memory::MemoryStorage;
use eventweir_web::{WebConfig, WebServer};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn the_router_can_be_nested_in_a_larger_one() {
    let broker = Broker::builder().storage(MemoryStorage::new()).build().unwrap();
    let nested = axum::Router::new().nest("/broker", router(broker, &HttpConfig::default()));
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = WebServer::bind(WebConfig::at(listen)).await.unwrap();
    let (addr, shutdown) = (server.local_addr(), eventweir::Shutdown::new());
    let serving = tokio::spawn(server.serve(nested, shutdown.clone()));
    let ask = async |request: &str| {
        let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
        let request = format!(
            "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = ask("POST /broker/v1/events/orders/eu").await;
    assert!(answer.contains("\"channel\":\"/orders/eu\""), "{answer}");
    let answer = ask("GET /broker/v1/events/orders?match=subtree").await;
    assert!(answer.contains("\"sequence\":1,"), "{answer}");
    shutdown.begin();
    serving.await.unwrap().unwrap();
}
