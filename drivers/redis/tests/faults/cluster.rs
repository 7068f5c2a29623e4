//! A cluster that changes under load.

use super::load::Load;
use super::support::*;
use eventweir::*;
use eventweir_test_servers::redis::{RedisCluster, RedisOptions};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_moves_and_a_master_that_is_killed_lose_nothing() {
    let options = RedisOptions::default().with_append_only("always");
    let mut cluster = RedisCluster::start(options).await.unwrap();
    let storage = open(&format!("{}?wait=1", cluster.url())).await;
    assert!(storage.deployment().contains("cluster of 3 masters"), "{}", storage.deployment());

    // Streams on every node.
    let mut streams: Vec<StreamName> = Vec::new();
    let mut nodes = BTreeSet::new();
    for number in 0..100 {
        let stream = StreamName::new(&format!("stream{number}")).unwrap();
        let slot = cluster.slot_of(&format!("{{{stream}}}")).await.unwrap();
        if nodes.insert(cluster.master_of(slot).await.unwrap()) {
            streams.push(stream);
        }
    }
    assert_eq!(streams.len(), 3);
    let loads: Vec<_> = streams.iter().map(|stream| Load::start(&storage, stream, 3)).collect();
    for load in &loads {
        load.more(50).await;
    }

    let moving = cluster.slot_of(&format!("{{{}}}", streams[0])).await.unwrap();
    let from = cluster.master_of(moving).await.unwrap();
    let to = (from + 1) % 3;
    cluster.move_slot(moving, to, async || loads[1].more(5).await).await.unwrap();
    for load in &loads {
        load.more(50).await;
    }
    assert_eq!(cluster.master_of(moving).await.unwrap(), to);

    // And now the node that has two of the streams.
    cluster.nodes()[to].kill().await.unwrap();
    cluster.wait_other_master(moving, to).await.unwrap();
    cluster.nodes()[to].restart().await.unwrap();
    for load in &loads {
        load.more(50).await;
    }
    for load in loads {
        load.finish().await.is_exact();
    }
}
