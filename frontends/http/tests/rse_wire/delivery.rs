//! Defects of delivery, D1 to D15, done right.

use crate::support::{PANEL, SHOP, Server, Setup, TOKEN, tokens};
use eventweir::{ChannelName, Credentials, Retention, Storage, StreamName};
use eventweir_memory::MemoryStorage;
use std::time::Duration;

#[tokio::test]
async fn d01_the_limit_of_parent_comes_after_the_merge() {
    let server = Server::start().await;
    for n in 1..=6 {
        server.publish("/a/b", &format!("[{n}]")).await;
    }
    server.publish("/a", "[7]").await;
    let (mut cursor, mut seen) = (0, Vec::new());
    loop {
        let ids = server.ids(&format!("/a/b?events=parent&max-events=2&last-known-id={cursor}")).await;
        let Some(last) = ids.last() else { break };
        cursor = *last;
        seen.extend(ids);
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
}

// D2, levels read at different times, is held by `readers.rs`, with publishers at work.

#[tokio::test]
async fn d03_a_descending_page_that_was_cut_says_so_and_does_not_advance() {
    let server = Server::start().await;
    for n in 1..=5 {
        server.publish("/a", &format!("[{n}]")).await;
    }
    let cut = server.get("/a?sort=-1&max-events=2&last-known-id=1").await;
    assert_eq!(cut.ids(), [5, 4]);
    assert_eq!((cut.header("x-rse-more"), cut.header("x-rse-cursor")), (Some("true"), Some("1")));
    let whole = server.get("/a?sort=-1&last-known-id=1").await;
    assert_eq!(whole.ids(), [5, 4, 3, 2]);
    assert_eq!((whole.header("x-rse-more"), whole.header("x-rse-cursor")), (None, Some("5")));
}

#[tokio::test]
async fn d04_d05_ids_are_never_issued_again() {
    let server = Server::start().await;
    server.publish("/a", "[1]").await;
    server.publish("/b", "[2]").await;
    let session = server.broker.session(&Credentials::Anonymous).await.unwrap();
    // The newest goes first, then all.
    session.delete_channel(&ChannelName::new("/b").unwrap()).await.unwrap();
    assert_eq!(server.publish("/b", "[3]").await, 3);
    let nothing = Retention { max_events: Some(0), ..Retention::FOREVER };
    session.trim(&StreamName::main(), &nothing).await.unwrap();
    assert_eq!(server.publish("/a", "[4]").await, 4);
    assert_eq!(server.ids("/a?last-known-id=3").await, [4]);
}

#[tokio::test]
async fn d06_the_first_id_is_one() {
    assert_eq!(Server::start().await.publish("/a", "[]").await, 1);
}

#[tokio::test]
async fn d07_a_publish_repeated_with_its_key_is_one_event() {
    let server = Server::start().await;
    let headers = [("User-Agent", SHOP), ("Idempotency-Key", "\"order-7\"")];
    let first = server.send("POST", "/a", &headers, b"[1]").await;
    let again = server.send("POST", "/a", &headers, b"[1]").await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.header("x-rse-event-id"), again.header("x-rse-event-id"));
    assert_eq!((first.header("x-rse-duplicate"), again.header("x-rse-duplicate")), (None, Some("true")));
    assert_eq!(server.ids("/a").await, [1]);
}

#[tokio::test]
async fn d09_a_store_that_fails_is_503_for_polls_too() {
    let storage = MemoryStorage::new();
    let server = Setup::on(storage.clone()).start().await;
    server.publish("/a", "[1]").await;
    storage.close().await.unwrap();
    for answer in [server.get("/a?sort=-1").await, server.post("/a", "[2]").await] {
        answer.refuses(503, "");
        assert!(answer.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn d11_expired_events_are_not_delivered_and_their_loss_is_told() {
    let retention = Retention { max_age: Some(Duration::from_secs(120)), ..Retention::FOREVER };
    let server = Setup::new().build(|builder| builder.retention(retention)).start().await;
    server.publish("/a", "[1]").await;
    server.publish("/a", "[2]").await;
    server.clock.advance(Duration::from_secs(121));
    let late = server.get("/a?last-known-id=1").await;
    assert_eq!((late.status, late.header("x-rse-gap")), (204, Some("resume-at=3")));
    server.publish("/a", "[3]").await;
    let late = server.get("/a?last-known-id=1").await;
    assert_eq!((late.ids(), late.header("x-rse-gap")), (vec![3], Some("resume-at=3")));
    // Who has the advised cursor, or comes for the first time, has missed nothing.
    assert_eq!(late.header("x-rse-cursor"), Some("3"));
    assert_eq!(server.get("/a?last-known-id=3").await.header("x-rse-gap"), None);
    let newcomer = server.get("/a").await;
    assert_eq!((newcomer.ids(), newcomer.header("x-rse-gap")), (vec![3], None));
}

#[tokio::test]
async fn d12_no_number_removes_the_limit() {
    let server = Server::start().await;
    for n in 0..201 {
        server.publish("/a", &format!("[{n}]")).await;
    }
    for refused in ["0", "-1", "-500", "-99999999999999999999999999"] {
        server
            .get(&format!("/a?max-events={refused}"))
            .await
            .refuses(400, "Query parameter is at least 1: max-events");
    }
    assert_eq!(server.ids("/a").await.len(), 200);
    assert_eq!(server.ids("/a?max-events=99999999999999999999").await.len(), 201);
}

#[tokio::test]
async fn an_answer_has_at_most_500_events() {
    let server = Server::start().await;
    let session = server.broker.session(&Credentials::Anonymous).await.unwrap();
    for n in 0..501 {
        let event = eventweir::NewEvent::json(ChannelName::new("/a").unwrap(), &[n]).unwrap();
        session.publish(event).await.unwrap();
    }
    let answer = server.get("/a?max-events=501").await;
    assert_eq!((answer.ids().len(), answer.header("x-rse-more")), (500, Some("true")));
    assert_eq!(answer.header("x-rse-poll-interval"), Some("0"));
}

#[tokio::test]
async fn d13_a_bad_callback_name_stores_nothing() {
    let server = Server::start().await;
    server.post("/a?callback=a.b", "[1]").await.refuses(400, "Invalid callback name");
    let tunnelled = server.get("/a?method=POST&post-data=%5B1%5D&callback=alert(1)").await;
    tunnelled.refuses(400, "Invalid callback name");
    let long = "f".repeat(129);
    server.post(&format!("/a?callback={long}"), "[1]").await.refuses(400, "Invalid callback name");
    assert_eq!(server.get("/a?echo=true").await.status, 204);
}

#[tokio::test]
async fn d14_no_client_id_means_everybody() {
    let server = Server::start().await;
    let headers = [("User-Agent", "thing uuid/e")];
    assert_eq!(server.send("POST", "/a", &headers, b"[1]").await.status, 201);
    assert_eq!(server.ids("/a?echo=true").await, [1]);
    assert_eq!(server.ids("/a").await, [1]);
    assert_eq!(server.send("GET", "/a", &headers, b"").await.status, 204);
    let answer = server.send("GET", "/a?echo=true", &headers, b"").await;
    assert_eq!(answer.ids(), [1]);
}

#[tokio::test]
async fn d15_nobody_hides_events_by_using_anothers_client_id() {
    let auth = tokens(&[("shop", TOKEN, "/**", "/**"), ("rogue", "tok-rogue", "/**", "/**")]);
    let server = Setup::new().auth(auth).start().await;
    let by = |token| [("User-Agent", PANEL), ("X-Auth-Token", token)];
    assert_eq!(server.send("POST", "/a", &by("tok-rogue"), b"[1]").await.status, 201);
    assert_eq!(server.send("GET", "/a", &by(TOKEN), b"").await.ids(), [1]);
    assert_eq!(server.send("GET", "/a", &by("tok-rogue"), b"").await.status, 204);
}

#[tokio::test]
async fn client_ids_are_36_visible_characters_at_most() {
    let server = Server::start().await;
    let id = "1b671a64-40d5-491e-99b0-da01ff1f3341";
    server.publish("/a", "[1]").await;
    let agent = |agent: String| {
        let server = &server;
        async move { server.send("GET", "/a", &[("User-Agent", &agent)], b"").await }
    };
    assert_eq!(agent(format!("other uuid/{id}-and-more (x)")).await.status, 204);
    assert_eq!(agent(format!("x uuid/{}", id.to_uppercase())).await.ids(), [1]);
    assert_eq!(agent("x uuid/short".into()).await.ids(), [1]);
    agent(format!("x UUID/{id}")).await.refuses(400, "Missing UUID in User-Agent header");
    agent("x uuid/".into()).await.refuses(400, "Missing UUID in User-Agent header");
    agent("x uuid/a b".into()).await.refuses(400, "Invalid UUID in User-Agent header");
    agent("x uuid/\u{e4}\u{e4}".into()).await.refuses(400, "Invalid UUID in User-Agent header");
}
