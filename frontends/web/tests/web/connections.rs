//! Too many connections, and connections that are taken over.

use crate::support::{Running, SOON, config};
use std::time::Duration;

const HELLO: &str = "GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn connections_above_the_limit_are_turned_away_until_there_is_room() {
    let mut config = config();
    config.max_connections = 300;
    let running = Running::start(config).await;
    let mut served = running.connect().await;
    served.send(HELLO).await;
    assert_eq!(served.response().await.text(), "200 hello");
    let mut silent = Vec::new();
    for _ in 1..300 {
        silent.push(running.connect().await);
    }
    for _ in 0..100 {
        let mut late = running.connect().await;
        let answer = late.response().await;
        assert_eq!(answer.problem(), "503 too_many_connections");
        assert_eq!(
            (answer.headers["retry-after"].as_str(), answer.headers["connection"].as_str()),
            ("1", "close")
        );
        late.assert_closed().await;
    }
    served.send(HELLO).await;
    assert_eq!(served.response().await.text(), "200 hello", "who is inside stays inside");

    silent.clear();
    until_well(&running).await;
    running.stop().await;
}

/// Tries until a connection gets a place: the server notices departures one after another.
async fn until_well(running: &Running) {
    let tries = async {
        loop {
            let mut client = running.connect().await;
            client.try_send("GET /hello HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
            if client.everything().await.starts_with(b"HTTP/1.1 200 ") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, tries).await.expect("room in time");
}

#[tokio::test]
async fn one_address_has_its_own_limit() {
    let mut config = config();
    config.max_connections_per_ip = Some(2);
    let running = Running::start(config).await;
    let first = running.connect().await;
    let _second = running.connect().await;
    assert_eq!(running.connect().await.response().await.problem(), "503 too_many_connections");
    drop(first);
    until_well(&running).await;
}

#[tokio::test]
async fn many_that_are_turned_away_do_not_keep_others_out() {
    let mut config = config();
    config.max_connections = 1;
    let running = Running::start(config).await;
    let inside = running.connect().await;
    let mut outside = Vec::new();
    for _ in 0..300 {
        // None of them reads its refusal, so each lingers.
        outside.push(running.connect().await);
    }
    drop(inside);
    until_well(&running).await;
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_cut_off() {
    let mut config = config();
    config.write_timeout = Duration::from_millis(300);
    let running = Running::start(config).await;
    let mut client = running.connect().await;
    client.send("GET /flood HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(client.head().await.0, 200);
    tokio::time::timeout(SOON, running.flooding.closed()).await.expect("the flood ends");
    running.assert_well().await;
}

#[tokio::test]
async fn an_upgraded_connection_counts_until_it_ends() {
    let mut config = config();
    config.max_connections = 1;
    config.idle_timeout = Duration::from_millis(50);
    config.header_timeout = Duration::from_millis(50);
    let running = Running::start(config).await;
    let mut client = running.connect().await;
    client
        .send("GET /upgrade HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: parrot\r\n\r\n")
        .await;
    assert_eq!(client.head().await.0, 101);
    for word in ["one", "two"] {
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.send(word).await;
        assert_eq!(client.take(3).await, word.as_bytes(), "no timeout of HTTP applies");
    }
    assert_eq!(running.connect().await.response().await.problem(), "503 too_many_connections");
    drop(client);
    until_well(&running).await;
}
