//! Restarts: asked for, and by SIGKILL under load.

use super::load::Load;
use super::support::*;
use eventweir::*;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};

fn always() -> RedisOptions {
    RedisOptions::default().with_append_only("always")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_everything_and_positions_go_on() {
    let mut server = RedisServer::start(always()).await.unwrap();
    let storage = open(&server.url()).await;
    assert_eq!(storage.promises().durability, Durability::Disk);
    let stream = main_stream();
    for id in ["a", "b", "c"] {
        publish(&storage, &stream, id).await;
    }
    let seen = page(&storage, &stream, Start::Earliest).await.position();
    let half = Position::new(seen.epoch, Sequence::new(1).unwrap());
    server.stop().await.unwrap();
    let gone = storage.read(&stream, &ReadQuery::new(Selector::all(), Start::Earliest)).await.unwrap_err();
    assert!(gone.is_retryable() && gone.effect() == Effect::NotApplied, "{gone:?}");
    server.restart().await.unwrap();
    // Before anything is written to it, and after.
    for id in ["d", "e"] {
        for (position, count) in [(seen, 3), (half, 1)] {
            let page = page(&storage, &stream, Start::At(position)).await;
            assert!(page.reset.is_none() && page.gap.is_none(), "{page:?}");
            assert_eq!(page.events.first().map_or(count + 1, |event| event.sequence.get()), count + 1);
        }
        publish(&storage, &stream, id).await;
    }
    assert_eq!(ids(&log(&storage, &stream).await), ["a", "b", "c", "d", "e"]);
    // An id from before is known.
    let again = publish(&storage, &stream, "b").await;
    assert!(again.events[0].duplicate && again.events[0].sequence.get() == 2, "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_a_synced_server_is_killed_under_load() {
    let mut server = RedisServer::start(always()).await.unwrap();
    let storage = open(&server.url()).await;
    let load = Load::start(&storage, &main_stream(), 8);
    for _ in 0..3 {
        load.more(200).await;
        server.kill().await.unwrap();
        server.restart().await.unwrap();
    }
    load.more(200).await;
    load.finish().await.is_exact();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_protocols_carry_everything() {
    let server = RedisServer::start(always().with_password("secret")).await.unwrap();
    let streams: Vec<_> = ["resp2", "resp3"].map(|name| StreamName::new(name).unwrap()).to_vec();
    for stream in &streams {
        let url = format!("{}?protocol={stream}&prefix=both", server.url());
        let storage = open(&url).await;
        let load = Load::start(&storage, stream, 4);
        load.more(50).await;
        load.finish().await.is_exact();
    }
    // Each reads what the other wrote.
    let storage = open(&format!("{}?protocol=resp2&prefix=both", server.url())).await;
    assert!(log(&storage, &streams[1]).await.len() > 50);
}
