//! Hints of other processes' commits: they come by a change stream, are lost with it, and come back.

use crate::support::*;
use eventweir::*;
use eventweir_conformance::Proxy;
use eventweir_mongo::MongoStorage;
use eventweir_test_servers::mongo::MongoServer;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::timeout;

/// Commits through one storage until another one is woken, or for so many times.
async fn is_woken(writer: &MongoStorage, woken: &MongoStorage, round: &str) -> bool {
    let mut hints = woken.wakeups(&main_stream());
    for attempt in 0..40 {
        publish_stubbornly(writer, &format!("{round} {attempt}")).await;
        if let Ok(Some(hint)) = timeout(Duration::from_millis(500), hints.next()).await {
            assert!(hint.head.is_none_or(|head| head.get() > 0));
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_come_and_come_back_when_the_change_stream_was_cut() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    let proxy = Proxy::start(server.address().unwrap()).await.unwrap();
    let database = MongoServer::new_database();
    let writer = open(&server.uri_of(&database)).await;
    let url =
        format!("mongodb://{}/{database}?directConnection=true&heartbeatFrequencyMS=500", proxy.address());
    let reader = open(&url).await;
    assert_eq!(reader.promises().wakeup, WakeupReach::Everywhere);
    assert!(is_woken(&writer, &reader, "at first").await);
    for round in 1..=3 {
        proxy.cut(0);
        // Without a hint, reading shows it all the same.
        let id = format!("while cut {round}");
        publish_stubbornly(&writer, &id).await;
        assert!(read_all(&reader).await.contains(&id));
        assert!(is_woken(&writer, &reader, &format!("after cut {round}")).await, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_come_back_when_the_server_was_killed() {
    let Some(mut server) = MongoServer::killable().await.unwrap() else { return };
    let url = server.uri();
    let (writer, reader) = (open(&url).await, open(&url).await);
    assert!(is_woken(&writer, &reader, "at first").await);
    server.kill().await.unwrap();
    server.restart().await.unwrap();
    assert!(is_woken(&writer, &reader, "after the restart").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_no_change_streams_readers_poll() {
    let Some(server) = MongoServer::own_with(&["--standalone"]).await.unwrap() else { return };
    let url = server.uri();
    let (writer, reader) = (open(&url).await, open(&url).await);
    assert_ne!(reader.promises().wakeup, WakeupReach::Everywhere);
    assert_eq!(reader.promises().durability, Durability::Disk);
    assert!(reader.deployment().contains("standalone"), "{}", reader.deployment());
    publish(&writer, "one").await.unwrap();
    assert_eq!(read_all(&reader).await, ["one"]);
}
