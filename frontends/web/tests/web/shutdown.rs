//! What becomes of connections when the server shuts down, and what keeps it from starting.

use crate::support::{Running, SOON, config};
use eventweir::ErrorKind;
use eventweir_web::{TlsConfig, WebConfig, WebServer};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

#[tokio::test]
async fn requests_in_flight_are_finished_and_idle_connections_closed() {
    let running = Running::start(config()).await;
    let mut busy = running.connect().await;
    busy.send("GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let mut silent = running.connect().await;
    // Connections are accepted in turn: once this one is answered, that one is accepted.
    let mut idle = running.connect().await;
    idle.send("GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(idle.response().await.text(), "200 hello");
    running.held().await;

    running.shutdown.begin();
    idle.assert_closed().await;
    silent.assert_closed().await;
    assert!(TcpStream::connect(running.address).await.is_err(), "nobody listens any more");
    assert!(!running.serving.is_finished(), "a request is in flight");

    running.release.add_permits(1);
    let answer = busy.response().await;
    assert_eq!((answer.text().as_str(), answer.headers["connection"].as_str()), ("200 released", "close"));
    busy.assert_closed().await;
    running.stop().await;
}

#[tokio::test]
async fn requests_that_do_not_end_are_cut_after_the_time_to_drain() {
    let mut config = config();
    config.drain = Duration::from_millis(200);
    let running = Running::start(config).await;
    let mut streaming = running.connect().await;
    streaming.send("GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(streaming.head().await.0, 200);
    let begun = Instant::now();
    running.stop().await;
    assert!(begun.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn what_keeps_a_server_from_starting_is_told_in_one_sentence() {
    let running = Running::start(config()).await;
    let taken = WebConfig::at(running.address);
    let mut no_certificate = config();
    no_certificate.tls =
        Some(TlsConfig { certificate: "/nowhere/c.pem".into(), key: "/nowhere/k.pem".into() });
    let mut no_headers = config();
    no_headers.max_headers = 0;
    for (config, expected) in [
        (taken, format!("cannot listen on {}: another program has it", running.address)),
        (no_certificate, "the certificate in /nowhere/c.pem cannot be used: ".into()),
        (no_headers, "max_headers is 0 and must be between 1 and 1000".into()),
    ] {
        let error = tokio::time::timeout(SOON, WebServer::bind(config)).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(!error.to_string().contains('\n'));
    }
}
