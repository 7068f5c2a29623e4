//! The server is killed, stopped, and stands still.

use crate::load::Load;
use crate::support::*;
use eventweir::*;
use eventweir_test_servers::mongo::MongoServer;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn killed_under_load_it_loses_doubles_and_reorders_nothing() {
    let Some(mut server) = MongoServer::killable().await.unwrap() else { return };
    let url = server.uri();
    let storages = [open(&url).await, open(&url).await];
    let load = Load::start(&storages, 6, 40);
    for kill in 1..=3 {
        load.reaches(kill, 4).await;
        server.kill().await.unwrap();
        server.restart().await.unwrap();
    }
    load.finish(&open(&url).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_it_is_told_in_time_and_back_it_is_used() {
    let Some(mut server) = MongoServer::killable().await.unwrap() else { return };
    let storage = open_hasty(&server.uri()).await;
    publish(&storage, "before").await.unwrap();
    server.stop().await.unwrap();
    let start = Instant::now();
    let refused = publish(&storage, "while gone").await.unwrap_err();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(matches!(refused.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{refused:?}");
    assert!(refused.is_retryable());
    let start = Instant::now();
    let unread = storage.bounds(&main_stream()).await.unwrap_err();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(unread.is_retryable() && unread.effect() == Effect::NotApplied, "{unread:?}");
    server.restart().await.unwrap();
    publish_stubbornly(&storage, "after").await;
    // What was refused has not happened later, if that was the word; else it may have, once.
    let mut stored = read_all(&storage).await;
    if refused.effect() == Effect::Unknown {
        stored.retain(|id| id != "while gone");
    }
    assert_eq!(stored, ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn standing_still_it_holds_nobody_up_and_what_was_unknown_happens_once() {
    let Some(mut server) = MongoServer::killable().await.unwrap() else { return };
    let storage = open_hasty(&server.uri()).await;
    publish(&storage, "before").await.unwrap();
    server.pause().await.unwrap();
    let start = Instant::now();
    let commit = publish(&storage, "during").await.unwrap_err();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    // It is on its way: nobody can say that it will not happen.
    assert_eq!((commit.effect(), commit.is_retryable()), (Effect::Unknown, true), "{commit:?}");
    let start = Instant::now();
    let read = storage.bounds(&main_stream()).await.unwrap_err();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(read.is_retryable(), "{read:?}");
    server.resume().unwrap();
    eventually("the event is taken", async || publish(&storage, "during").await.is_ok()).await;
    publish_stubbornly(&storage, "after").await;
    assert_eq!(read_all(&storage).await, ["before", "during", "after"]);
}

/// Calls end after 400 ms and commits after 600, and both may try again shortly before.
const SOON: Duration = Duration::from_secs(10);
