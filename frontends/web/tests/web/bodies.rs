//! Requests whose bodies are slow, large or cut off.

use crate::support::{Raw, Running, config};
use std::time::Duration;

async fn post(client: &mut Raw, path: &str, headers: &str, body: impl AsRef<[u8]>) {
    client.send(format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n")).await;
    client.try_send(body).await;
}

#[tokio::test]
async fn bodies_are_read_whole() {
    let running = Running::start(config()).await;
    let mut client = running.connect().await;
    for length in [0, 1, 10_000, 3_000_000] {
        let body = "b".repeat(length);
        post(&mut client, "/echo", &format!("content-length: {length}\r\n"), &body).await;
        assert_eq!(client.response().await.body, body.as_bytes());
    }
    post(&mut client, "/echo", "transfer-encoding: chunked\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\nx: y\r\n\r\n")
        .await;
    assert_eq!(client.response().await.text(), "200 abcde");
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_unread() {
    let running = Running::start(config()).await;
    for (path, length) in [("/small", 11_u64), ("/echo", (16 << 20) + 1), ("/ignore", 1 << 60)] {
        let mut client = running.connect().await;
        post(&mut client, path, &format!("content-length: {length}\r\n"), "").await;
        let answer = client.response().await;
        assert_eq!(answer.problem(), "413 body_too_large", "{path}");
        assert_eq!(answer.headers["connection"], "close");
        client.assert_closed().await;
    }
    running.assert_well().await;
}

#[tokio::test]
async fn a_body_that_turns_out_too_large_is_refused_and_the_answer_arrives() {
    let mut config = config();
    config.max_body_bytes = 100_000;
    let running = Running::start(config).await;
    for (path, length) in [("/small", 12), ("/echo", 300_000)] {
        let mut client = running.connect().await;
        let chunk = format!("{length:x}\r\n{}\r\n", "b".repeat(length));
        post(&mut client, path, "transfer-encoding: chunked\r\n", chunk).await;
        assert_eq!(client.response().await.problem(), "413 body_too_large", "{path}");
    }
}

#[tokio::test]
async fn slow_bodies_are_answered_and_harm_nobody() {
    let mut config = config();
    config.body_timeout = Duration::from_millis(300);
    let running = Running::start(config).await;
    let mut slow = running.connect().await;
    post(&mut slow, "/echo", "content-length: 10\r\n", "abc").await;
    for _ in 0..10 {
        running.assert_well().await;
    }
    let answer = slow.response().await;
    assert_eq!(answer.problem(), "408 body_timeout");
    assert_eq!(answer.headers["connection"], "close");
    slow.assert_closed().await;
}

#[tokio::test]
async fn expectations_are_met_only_when_the_body_is_wanted() {
    let running = Running::start(config()).await;
    let mut client = running.connect().await;
    let expecting = "expect: 100-continue\r\ncontent-length: ";
    post(&mut client, "/echo", &format!("{expecting}5\r\n"), "").await;
    assert_eq!(client.head().await.0, 100);
    client.send("hello").await;
    assert_eq!(client.response().await.text(), "200 hello");

    post(&mut client, "/small", &format!("{expecting}11\r\n"), "").await;
    assert_eq!(client.response().await.problem(), "413 body_too_large");
    client.assert_closed().await;
}

#[tokio::test]
async fn malformed_chunks_are_told() {
    let running = Running::start(config()).await;
    let mut client = running.connect().await;
    post(&mut client, "/echo", "transfer-encoding: chunked\r\n", "zz\r\nabc\r\n").await;
    assert_eq!(client.response().await.problem(), "400 body_incomplete");
    client.assert_closed().await;
}
