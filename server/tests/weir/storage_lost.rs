//! A store that goes away while the broker serves: it stays up, says so, and goes on by itself.

use crate::support::{Broker, EventStream, Request, wait_until};
use eventweir_test_servers::mongo::MongoServer;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};

/// Fails soon, so that the tests are done soon.
const IMPATIENT: [&str; 4] = ["--set", "storage.timeout=2", "--set", "storage.tries=2"];

fn start(folder: &std::path::Path, url: &str) -> Broker {
    Broker::start(folder, &[&["--storage", url], &IMPATIENT[..]].concat())
}

fn ready(broker: &Broker) -> u16 {
    Request::get("/ready").send(broker.address).unwrap().status
}

/// Asserts what clients are told without a store.
fn assert_without_store(broker: &Broker) {
    let answer =
        Request::post("/v1/events/a", b"lost?").with("idempotency-key", "two").send(broker.address).unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    assert_eq!(answer.json()["retryable"], true, "{answer:?}");
    let answer = Request::get("/ready").send(broker.address).unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    assert_eq!(Request::get("/health").send(broker.address).unwrap().status, 200, "the process is up");
    assert_eq!(Request::get("/metrics").send(broker.address).unwrap().status, 200);
}

/// Asserts that it goes on where it was, for readers who stayed connected too.
fn assert_goes_on(broker: &Broker, reader: &mut EventStream) {
    wait_until("the broker is ready again", || ready(broker) == 200);
    let again =
        Request::post("/v1/events/a", b"two").with("idempotency-key", "two").send(broker.address).unwrap();
    assert!(matches!(again.status, 200 | 201), "{again:?}");
    broker.publish("/a", "three");
    assert_eq!((sequence(reader), sequence(reader)), (2, 3));
}

/// Waits for the next event, and returns where it is. A gap or a reset would be no event.
fn sequence(reader: &mut EventStream) -> u64 {
    let frame = reader.event().unwrap();
    let event: serde_json::Value = serde_json::from_str(frame.data.as_deref().unwrap()).unwrap();
    event["sequence"].as_u64().unwrap_or_else(|| panic!("{frame:?}"))
}

fn follow(broker: &Broker) -> EventStream {
    let mut reader = EventStream::open(broker.address, "/v1/events/a?after=earliest", &[], None).unwrap();
    assert_eq!(sequence(&mut reader), 1);
    reader
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed_and_comes_back() {
    let mut server = RedisServer::start(RedisOptions::default().with_append_only("always")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path(), &server.url());
    broker.publish("/a", "one");
    let mut reader = follow(&broker);
    server.kill().await.unwrap();
    assert_without_store(&broker);
    server.restart().await.unwrap();
    assert_goes_on(&broker, &mut reader);
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_stands_still_for_a_while() {
    let mut server = RedisServer::start(RedisOptions::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path(), &server.url());
    broker.publish("/a", "one");
    let mut reader = follow(&broker);
    server.pause().await.unwrap();
    assert_without_store(&broker);
    server.resume().unwrap();
    assert_goes_on(&broker, &mut reader);
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_is_killed_and_comes_back() {
    let Some(mut server) = MongoServer::killable().await.unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path(), &server.uri());
    broker.publish("/a", "one");
    let mut reader = follow(&broker);
    server.kill().await.unwrap();
    assert_without_store(&broker);
    server.restart().await.unwrap();
    assert_goes_on(&broker, &mut reader);
}
