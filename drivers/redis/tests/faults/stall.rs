//! A server that stands still.

use super::load::Load;
use super::support::*;
use eventweir::*;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};
use tokio::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_seconds_of_standing_still_lose_nothing_and_double_nothing() {
    let mut server = RedisServer::start(RedisOptions::default().with_append_only("always")).await.unwrap();
    let storage = open(&format!("{}?timeout=1s&connect_timeout=500ms", server.url())).await;
    let load = Load::start(&storage, &main_stream(), 8);
    load.more(100).await;
    server.pause().await.unwrap();
    let begun = Instant::now();
    // Each call ends by its own deadline meanwhile.
    until("the server stands still for five seconds", async || {
        let asked = Instant::now();
        let commit = Commit::append([event("meanwhile")]);
        let error = storage.commit(&main_stream(), &commit).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{error:?}");
        assert!(
            error.is_retryable() && asked.elapsed() < Duration::from_secs(4),
            "{error:?} {:?}",
            asked.elapsed()
        );
        begun.elapsed() > Duration::from_secs(5)
    })
    .await;
    server.resume().unwrap();
    publish(&storage, &main_stream(), "meanwhile").await;
    load.more(100).await;
    let outcome = load.finish().await;
    outcome.is_consistent();
    let found = ids(&outcome.log);
    for (id, _) in &outcome.acknowledged {
        assert!(found.contains(id), "{id}");
    }
    assert_eq!(found.len(), outcome.acknowledged.len() + 2, "with the one of meanwhile and the last");
    assert_eq!(outcome.reading.resets, 0);
}
