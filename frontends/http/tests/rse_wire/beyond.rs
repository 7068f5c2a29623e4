//! What the first server's users never got: push, what was missed told, a pace advised.

use crate::support::{Answer, PANEL, Server, Setup, in_time, shared, until};
use eventweir::{ChannelName, Credentials, Retention, StreamName};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_poll_that_waits_is_answered_by_the_next_event() {
    let server = shared(Server::start().await);
    let poll = {
        let server = server.clone();
        tokio::spawn(async move { server.get("/a?wait=60").await })
    };
    // Whichever comes first, the poll or the event, the poll has it.
    tokio::task::yield_now().await;
    server.publish("/b", "[0]").await;
    server.publish("/a", "[1]").await;
    assert_eq!(in_time(poll).await.unwrap().ids(), [2]);
}

#[tokio::test]
async fn a_poll_that_waits_in_vain_is_204() {
    let server = Server::start().await;
    let answer = server.get("/a?wait=1").await;
    assert_eq!((answer.status, answer.header("x-rse-max-wait")), (204, Some("60")));
    assert_eq!(server.get("/a?wait=1&callback=f").await.text(), "f({\"channel\":\"/a\",\"events\":[]});");
    server.get("/a?wait=-1").await.refuses(400, "Query parameter is at least 0: wait");
}

#[tokio::test]
async fn own_events_do_not_end_the_wait() {
    let server = shared(Server::start().await);
    server.publish("/a", "[0]").await;
    let poll = {
        let server = server.clone();
        let headers = [("User-Agent", crate::support::SHOP)];
        tokio::spawn(async move { server.send("GET", "/a?wait=60&last-known-id=0", &headers, b"").await })
    };
    server.publish("/a", "[1]").await;
    let headers = [("User-Agent", PANEL)];
    assert_eq!(server.send("POST", "/a", &headers, b"[2]").await.status, 201);
    assert_eq!(in_time(poll).await.unwrap().ids(), [3]);
}

#[tokio::test]
async fn a_gap_is_told_on_204_and_the_cursor_leads_past_it() {
    let server = Server::start().await;
    for n in 1..=4 {
        server.publish("/a", &format!("[{n}]")).await;
    }
    let session = server.broker.session(&Credentials::Anonymous).await.unwrap();
    session.delete_channel(&ChannelName::new("/a").unwrap()).await.unwrap();
    let answer = server.get("/a?last-known-id=2").await;
    assert_eq!((answer.status, answer.header("x-rse-gap")), (204, Some("resume-at=5")));
    assert_eq!(answer.header("x-rse-cursor"), Some("4"));
    assert_eq!(server.get("/a?last-known-id=4").await.header("x-rse-gap"), None);
}

#[tokio::test]
async fn a_gap_is_told_with_the_events_after_it() {
    let server = Server::start().await;
    for n in 1..=4 {
        server.publish("/a", &format!("[{n}]")).await;
    }
    let session = server.broker.session(&Credentials::Anonymous).await.unwrap();
    let two = Retention { max_events: Some(1), ..Retention::FOREVER };
    session.trim(&StreamName::main(), &two).await.unwrap();
    let answer = server.get("/a?last-known-id=1").await;
    assert_eq!((answer.ids(), answer.header("x-rse-gap")), (vec![4], Some("resume-at=4")));
    assert_eq!(server.get("/a?last-known-id=3").await.header("x-rse-gap"), None);
}

#[tokio::test]
async fn the_cursor_header_passes_over_what_was_not_selected() {
    let server = Server::start().await;
    server.publish("/a", "[1]").await;
    server.publish("/b", "[2]").await;
    let answer = server.get("/a").await;
    assert_eq!((answer.ids(), answer.header("x-rse-cursor")), (vec![1], Some("2")));
    server.publish("/a", "[3]").await;
    assert_eq!(server.ids("/a?last-known-id=2").await, [3]);
}

#[tokio::test]
async fn a_cursor_of_another_log_is_told() {
    let server = Server::start().await;
    server.publish("/a", "[1]").await;
    let answer = server.get("/a?last-known-id=1000&wait=60").await;
    assert_eq!((answer.status, answer.header("x-rse-reset")), (204, Some("head=1")));
    assert_eq!(answer.header("x-rse-cursor"), Some("0"));
    assert_eq!(server.get("/a?last-known-id=1").await.header("x-rse-reset"), None);
    // With the epoch the client is sure, and is given what there is.
    let answer = server.get_with("/a?last-known-id=1", &[("X-RSE-Epoch", "00000000000000ab")]).await;
    assert_eq!((answer.ids(), answer.header("x-rse-reset")), (vec![1], Some("head=1")));
    let epoch = answer.header("x-rse-epoch").unwrap().to_owned();
    let answer = server.get_with("/a?last-known-id=1", &[("X-RSE-Epoch", &epoch)]).await;
    assert_eq!((answer.status, answer.header("x-rse-reset")), (204, None));
    let wrong = server.get_with("/a", &[("X-RSE-Epoch", "seven")]).await;
    wrong.refuses(400, "Invalid header: X-RSE-Epoch");
}

#[tokio::test]
async fn a_pace_is_advised_that_misses_nothing() {
    let retention = Retention { max_age: Some(Duration::from_secs(40)), ..Retention::FOREVER };
    let server = Setup::new().build(|builder| builder.retention(retention)).start().await;
    assert_eq!(server.get("/a").await.header("x-rse-poll-interval"), Some("20"));
    server.publish("/a", "[1]").await;
    server.publish("/a", "[2]").await;
    assert_eq!(server.get("/a").await.header("x-rse-poll-interval"), Some("5"));
    let cut = server.get("/a?max-events=1").await;
    assert_eq!((cut.header("x-rse-poll-interval"), cut.header("x-rse-more")), (Some("0"), Some("true")));
}

#[tokio::test]
async fn a_channel_can_be_followed_as_an_event_stream() {
    let server = Server::start().await;
    server.publish("/a", "[1]").await;
    server.publish("/a", "[2]").await;
    let mut stream = follow(&server, "/a?last-known-id=1").await;
    assert!(next_data(&mut stream).await.contains("\"data\":[2]"));
    server.publish("/b", "[3]").await;
    server.publish("/a", "[4]").await;
    let next = next_data(&mut stream).await;
    assert!(next.contains("\"sequence\":4") && next.contains("\"channel\":\"/a\""), "{next}");
    drop(stream);
    until(async || !server.broker.metrics().encode().contains("eventweir_subscriptions 1")).await;
}

async fn follow(server: &Server, target: &str) -> BufReader<TcpStream> {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: rse.example.net\r\nUser-Agent: {PANEL}\r\nAccept: text/event-stream\r\n\r\n",
        server.target(target)
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut stream = BufReader::new(socket);
    let head = in_time(Answer::read_head(&mut stream)).await;
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    stream
}

async fn next_data(stream: &mut BufReader<TcpStream>) -> String {
    in_time(async {
        loop {
            let mut line = String::new();
            assert!(stream.read_line(&mut line).await.unwrap() > 0, "the stream ended");
            if line.starts_with("data:") {
                return line;
            }
        }
    })
    .await
}
