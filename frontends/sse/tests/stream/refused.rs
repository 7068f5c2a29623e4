//! What is refused before a stream begins.

use crate::client::Client;
use crate::common::Served;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn bad_requests_get_a_problem() {
    let served = Served::start().await;
    for (target, status, word) in [
        ("/a?limit=3", 400, "limit"),
        ("/a?data=xml", 400, "json, raw"),
        ("/a?data=raw&data=raw", 400, "data"),
        ("/a%00", 400, "channel name"),
        ("/a?after=yesterday", 400, "after"),
        ("/a?lastEventId=yesterday", 400, "last event"),
        ("/", 404, "channel"),
    ] {
        let client = Client::open(served.address, target).await;
        assert!(client.head.starts_with(&format!("http/1.0 {status}")), "{target}: {}", client.head);
        assert!(client.head.contains("content-type: application/problem+json"), "{target}: {}", client.head);
        let body = client.rest().await;
        assert!(body.contains(word), "{target}: {body}");
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let served = Served::start().await;
    let mut socket = tokio::net::TcpStream::connect(served.address).await.unwrap();
    socket.write_all(b"POST /a HTTP/1.0\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 405") && answer.contains("method_not_allowed"), "{answer}");
}
