//! Commits that wait for replicas.

use super::support::*;
use eventweir::*;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_too_few_replicas_confirm_may_have_happened_and_is_not_doubled() {
    let options = RedisOptions::default().with_append_only("always");
    let master = RedisServer::start(options.clone()).await.unwrap();
    let following = options.with_replica_of(&format!("127.0.0.1 {}", master.port()));
    let mut replica = RedisServer::start(following).await.unwrap();
    until("the replica follows", async || {
        replica.info("master_link_status").await.is_ok_and(|status| status == "up")
    })
    .await;
    let url = format!("{}?wait=1&wait_timeout=300ms", master.url());
    let storage = open(&url).await;
    assert_eq!(storage.promises().durability, Durability::Replicated);
    let stream = main_stream();
    publish(&storage, &stream, "before").await;

    replica.pause().await.unwrap();
    let commit = Commit::append([event("once")]);
    for _ in 0..2 {
        // The repetition finds the event and waits for the replicas again: it is not acknowledged either.
        let error = storage.commit(&stream, &commit).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Unknown), "{error:?}");
        assert!(error.is_retryable() && error.to_string().contains("0 of 1 replicas"), "{error}");
    }
    replica.resume().unwrap();
    let receipt = publish(&storage, &stream, "once").await;
    assert!(receipt.events[0].duplicate, "{receipt:?}");
    assert_eq!(ids(&log(&storage, &stream).await), ["before", "once"]);
}
