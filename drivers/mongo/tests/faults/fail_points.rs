//! The server answers with errors, to order.

use crate::support::*;
use eventweir::*;
use eventweir_test_servers::mongo::{FailPoint, Failure, MongoServer};
use std::time::Duration;
use tokio::time::Instant;

/// Not the primary; stepped down; stopping; interrupted; the connection closed; late; done and not confirmed.
const PASSING: [Failure; 8] = [
    Failure::Code(10_107),
    Failure::Code(189),
    Failure::Code(91),
    Failure::Code(11_602),
    Failure::CloseConnection,
    Failure::Block(Duration::from_millis(200)),
    Failure::WriteConcern(64),
    Failure::WriteConcern(91),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_outlives_what_passes_and_is_stored_once() {
    let Some(server) = MongoServer::with_fail_points().await.unwrap() else { return };
    let storage = open(&server.uri()).await;
    let mut ids = Vec::new();
    for failure in &PASSING {
        for times in [1, 2] {
            let id = format!("{failure:?} {times}");
            publish(&storage, "warm up").await.unwrap();
            server.fail(FailPoint::new(["insert"], failure).times(times)).await.unwrap();
            let receipt = publish(&storage, &id).await.unwrap_or_else(|error| panic!("{id}: {error:?}"));
            assert!(!receipt.events[0].duplicate, "{id}");
            server.clear().await.unwrap();
            ids.push(id);
        }
    }
    assert_eq!(read_all(&storage).await[1..], ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_must_look_first_outlives_it_too() {
    let Some(server) = MongoServer::with_fail_points().await.unwrap() else { return };
    let url = server.uri();
    let (storage, other) = (open(&url).await, open(&url).await);
    for (number, failure) in PASSING.iter().take(6).enumerate() {
        // Another writer has moved the end: this one loses first, and has to look.
        publish(&other, &format!("theirs {number}")).await.unwrap();
        server.fail(FailPoint::new(["find", "aggregate"], failure).times(2)).await.unwrap();
        publish_stubbornly(&storage, &format!("ours {number}")).await;
        server.clear().await.unwrap();
    }
    let expected: Vec<_> = (0..6).flat_map(|n| [format!("theirs {n}"), format!("ours {n}")]).collect();
    assert_eq!(read_all(&storage).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_outlives_what_passes() {
    let Some(server) = MongoServer::with_fail_points().await.unwrap() else { return };
    let storage = open(&server.uri()).await;
    let ids: Vec<_> = (0..150).map(|number| format!("e{number}")).collect();
    for id in &ids {
        publish(&storage, id).await.unwrap();
    }
    for failure in PASSING.iter().take(6) {
        for command in ["find", "aggregate", "getMore"] {
            server.fail(FailPoint::new([command], failure).times(2)).await.unwrap();
            assert_eq!(read_all(&storage).await, ids, "{command}: {failure:?}");
            server.clear().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lasts_is_told_and_what_is_told_is_true() {
    let Some(server) = MongoServer::with_fail_points().await.unwrap() else { return };
    let storage = open_hasty(&server.uri()).await;
    publish_stubbornly(&storage, "first").await;
    for (failure, kind, effect) in [
        (Failure::Code(10_107), ErrorKind::Unavailable, Some(Effect::NotApplied)),
        (Failure::Code(14_031), ErrorKind::StorageFull, Some(Effect::NotApplied)),
        (Failure::Code(13), ErrorKind::ReadOnly, Some(Effect::NotApplied)),
        // None of these can be told from one that was carried out.
        (Failure::Code(91), ErrorKind::Unavailable, Some(Effect::Unknown)),
        (Failure::CloseConnection, ErrorKind::Unavailable, Some(Effect::Unknown)),
        (Failure::Block(Duration::from_secs(3)), ErrorKind::Timeout, Some(Effect::Unknown)),
    ] {
        let id = format!("{failure:?}");
        server.fail(FailPoint::new(["insert"], &failure)).await.unwrap();
        let refused = publish(&storage, &id).await.expect_err(&id);
        server.clear().await.unwrap();
        assert_eq!(refused.kind(), kind, "{refused:?}");
        assert_eq!(Some(refused.effect()), effect, "{refused:?}");
        assert_eq!(refused.is_retryable(), kind != ErrorKind::ReadOnly, "{refused:?}");
        let before = read_all(&storage).await.contains(&id);
        assert!(refused.effect() == Effect::Unknown || !before, "{id}: it is there");
        eventually(&id, async || publish(&storage, &id).await.is_ok()).await;
    }
    // Done, and read back from a majority: that is as good as confirmed.
    server.fail(FailPoint::new(["insert"], &Failure::WriteConcern(64))).await.unwrap();
    eventually("done is done", async || publish(&storage, "unconfirmed").await.is_ok()).await;
    server.clear().await.unwrap();
    assert_eq!(read_all(&storage).await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_it_is_told_at_once_and_with_room_it_goes_on() {
    let Some(server) = MongoServer::with_fail_points().await.unwrap() else { return };
    let storage = open(&server.uri()).await;
    publish(&storage, "before").await.unwrap();
    server.fail(FailPoint::new(["insert"], &Failure::Code(14_031))).await.unwrap();
    let start = Instant::now();
    let refused = publish(&storage, "while full").await.unwrap_err();
    // By itself it would go on trying for 15 seconds.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert_eq!(
        (refused.kind(), refused.effect()),
        (ErrorKind::StorageFull, Effect::NotApplied),
        "{refused:?}"
    );
    assert!(refused.is_retryable());
    assert_eq!(read_all(&storage).await, ["before"]);
    server.clear().await.unwrap();
    publish(&storage, "after").await.unwrap();
    assert_eq!(read_all(&storage).await, ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_say_hello_is_found_again() {
    let Some(server) = MongoServer::with_fail_points().await.unwrap() else { return };
    let storage = open(&server.uri()).await;
    publish(&storage, "before").await.unwrap();
    server
        .fail(FailPoint::new(["hello", "isMaster", "ismaster"], &Failure::CloseConnection).times(3))
        .await
        .unwrap();
    server.fail(FailPoint::new(["insert"], &Failure::CloseConnection).times(1)).await.unwrap();
    publish_stubbornly(&storage, "after").await;
    assert_eq!(read_all(&storage).await, ["before", "after"]);
}
