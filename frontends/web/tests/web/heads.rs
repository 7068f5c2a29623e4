//! Requests whose heads are slow, large, or no heads at all.

use crate::support::{Running, config};
use std::time::Duration;

async fn refused(running: &Running, bytes: impl AsRef<[u8]>) -> String {
    let mut client = running.connect().await;
    client.try_send(bytes).await;
    let answer = client.response().await;
    assert_eq!(answer.headers["connection"], "close");
    client.assert_closed().await;
    answer.problem()
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_reason() {
    let running = Running::start(config()).await;
    let get =
        |target: &str, headers: &str| format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    for (name, request, expected) in [
        ("junk", "\u{1}\u{2}junk\r\n\r\n".into(), "400 malformed_request"),
        ("a TLS hello", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}".into(), "400 malformed_request"),
        ("a header without a colon", get("/hello", "nonsense\r\n"), "400 malformed_request"),
        ("a length that is none", get("/hello", "content-length: ten\r\n"), "400 malformed_request"),
        ("two lengths", get("/hello", "content-length: 1\r\ncontent-length: 2\r\n"), "400 malformed_request"),
        ("unknown coding", get("/hello", "transfer-encoding: magic\r\n"), "400 malformed_request"),
        ("another version", "GET / HTTP/3.0\r\nhost: localhost\r\n\r\n".into(), "505 version_not_supported"),
        ("HTTP/2 in the clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), "505 version_not_supported"),
        ("a long header", get("/hello", &format!("x: {}\r\n", "y".repeat(40_000))), "431 headers_too_large"),
        ("many headers", get("/hello", &"x: y\r\n".repeat(101)), "431 headers_too_large"),
        (
            "endless headers",
            get("/hello", &format!("x: {}\r\n", "y".repeat(1 << 20))),
            "431 headers_too_large",
        ),
        ("a path of 64 KiB", get(&format!("/{}", "p".repeat(64 << 10)), ""), "414 uri_too_long"),
        ("a path of 32 KiB", get(&format!("/{}", "p".repeat(32 << 10)), ""), "414 uri_too_long"),
        ("a path without end", format!("GET /{}", "p".repeat(100 << 10)), "414 uri_too_long"),
    ] {
        assert_eq!(refused(&running, request).await, expected, "{name}");
        running.assert_well().await;
    }
    running.stop().await;
}

#[tokio::test]
async fn a_path_above_the_limit_leaves_the_connection_usable() {
    let running = Running::start(config()).await;
    let mut client = running.connect().await;
    client.send(format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "p".repeat(17 << 10))).await;
    assert_eq!(client.response().await.problem(), "414 uri_too_long");
    client.send("GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(client.response().await.text(), "200 hello");
}

#[tokio::test]
async fn refusals_follow_answers_on_the_same_connection() {
    let running = Running::start(config()).await;
    let mut client = running.connect().await;
    client.send("GET /refuse HTTP/1.1\r\nhost: localhost\r\n\r\nnonsense\r\n\r\n").await;
    assert_eq!(client.response().await.problem(), "400 invalid_input");
    assert_eq!(client.response().await.problem(), "400 malformed_request");
    client.assert_closed().await;
}

#[tokio::test]
async fn slow_headers_are_answered_and_harm_nobody() {
    let mut config = config();
    config.header_timeout = Duration::from_millis(300);
    let running = Running::start(config).await;
    let mut slow = running.connect().await;
    slow.send("GET /hello HTTP/1.1\r\nhost: loc").await;
    let mut neighbour = running.connect().await;
    // A byte now and then buys no time.
    let trickle = async {
        for byte in "alhost\r\nx: y\r\n".bytes().cycle() {
            slow.try_send([byte]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            if slow.0.try_read(&mut []).is_ok() {
                break;
            }
        }
        slow
    };
    let chat = async {
        for _ in 0..50 {
            neighbour.send("GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
            assert_eq!(neighbour.response().await.text(), "200 hello");
        }
    };
    let (mut slow, ()) = tokio::join!(trickle, chat);
    let answer = slow.response().await;
    assert_eq!(answer.problem(), "408 header_timeout");
    slow.assert_closed().await;
}

#[tokio::test]
async fn who_says_nothing_is_sent_away_without_a_word() {
    let mut config = config();
    config.header_timeout = Duration::from_millis(200);
    config.idle_timeout = Duration::from_millis(200);
    let running = Running::start(config).await;
    running.connect().await.assert_closed().await;

    let mut client = running.connect().await;
    client.send("GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(client.response().await.text(), "200 hello");
    client.assert_closed().await;
}

#[tokio::test]
async fn a_slow_second_request_is_answered_too() {
    let mut config = config();
    config.header_timeout = Duration::from_millis(200);
    let running = Running::start(config).await;
    let mut client = running.connect().await;
    client.send("GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(client.response().await.text(), "200 hello");
    client.send("GET /hel").await;
    assert_eq!(client.response().await.problem(), "408 header_timeout");
}

#[tokio::test]
async fn old_and_pipelined_requests_are_served() {
    let running = Running::start(config()).await;
    let mut old = running.connect().await;
    old.send("GET /hello HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.response().await.text(), "200 hello");
    old.assert_closed().await;

    let mut hasty = running.connect().await;
    hasty.send("GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(40)).await;
    for _ in 0..40 {
        assert_eq!(hasty.response().await.text(), "200 hello");
    }
    hasty.send("HEAD /hello HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let (status, headers) = hasty.head().await;
    assert_eq!((status, headers["content-length"].as_str()), (200, "5"));
    hasty.send("OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(hasty.response().await.status, 204);
}
