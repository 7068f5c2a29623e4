//! A master that is killed, and a replica in its place.

use super::load::Load;
use super::support::*;
use eventweir::*;
use eventweir_test_servers::redis::{RedisOptions, RedisSentinel};

async fn start() -> RedisSentinel {
    RedisSentinel::start(RedisOptions::default().with_append_only("always"), 1).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_replicas_confirmed_survives_a_killed_master_under_load() {
    let mut set = start().await;
    let storage = open(&format!("{}?wait=1", set.url())).await;
    assert_eq!(storage.promises().durability, Durability::Replicated);
    assert!(storage.deployment().contains("3 Sentinels"), "{}", storage.deployment());
    let load = Load::start(&storage, &main_stream(), 8);
    load.more(200).await;
    let old = set.master().await.unwrap();
    set.servers()[old].kill().await.unwrap();
    set.wait_master_other_than(old).await.unwrap();
    // It comes back as a replica, without which no commit would be confirmed.
    set.servers()[old].restart().await.unwrap();
    load.more(200).await;
    load.finish().await.is_exact();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_saw_what_a_failover_lost_is_reset_and_nobody_else() {
    let mut set = start().await;
    let storage = open(&set.url()).await;
    let stream = main_stream();
    for id in ["a", "b", "c"] {
        publish(&storage, &stream, id).await;
    }
    let old = set.master().await.unwrap();
    let replica = 1 - old;
    let kept = page(&storage, &stream, Start::Earliest).await.position();
    until("the replica has it all", async || {
        let confirmed = set.servers()[old].ask(&["WAIT", "1", "1000"]).await.unwrap();
        confirmed.number() == Some(1)
    })
    .await;
    // From here on the replica hears nothing: it stands still, and its link is cut.
    set.servers()[replica].pause().await.unwrap();
    set.servers()[old].ask(&["CLIENT", "KILL", "TYPE", "REPLICA"]).await.unwrap();
    for id in ["lost 1", "lost 2"] {
        publish(&storage, &stream, id).await;
    }
    let seen = page(&storage, &stream, Start::Earliest).await.position();
    assert_eq!((kept.sequence.get(), seen.sequence.get()), (3, 5));
    set.servers()[old].kill().await.unwrap();
    set.servers()[replica].resume().unwrap();
    assert_eq!(set.wait_master_other_than(old).await.unwrap(), replica);

    // What is there before anything new is written is what everybody has in common.
    assert_eq!(ids(&log(&storage, &stream).await), ["a", "b", "c"]);
    let first = publish(&storage, &stream, "d").await;
    assert_eq!(first.events[0].sequence.get(), 4);
    assert_ne!(first.epoch, seen.epoch, "a lost sequence is never given out again in its epoch");

    let reader = page(&storage, &stream, Start::At(kept)).await;
    assert!(reader.reset.is_none() && reader.gap.is_none(), "{reader:?}");
    assert_eq!(ids(&reader.events), ["d"]);
    let reader = page(&storage, &stream, Start::At(seen)).await;
    assert_eq!(reader.reset.map(|reset| reset.refused), Some(seen));
    assert_eq!(ids(&reader.events), ["a", "b", "c", "d"]);
    // The publisher of a lost event may send it again: it is new.
    let again = publish(&storage, &stream, "lost 1").await;
    assert!(!again.events[0].duplicate);
    assert_eq!(again.events[0].sequence.get(), 5);

    // The old master comes back and forgets what nobody else has.
    set.servers()[old].restart().await.unwrap();
    set.wait_replicas(replica, 1).await.unwrap();
    assert_eq!(ids(&log(&storage, &stream).await), ["a", "b", "c", "d", "lost 1"]);
}
