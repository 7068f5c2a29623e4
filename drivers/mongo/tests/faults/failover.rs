//! The primary changes: in a simulated set, which shows what this side does, and nothing of MongoDB's own elections.

use crate::load::Load;
use crate::support::*;
use eventweir_test_servers::mongo::{Mishap, MongoServer, SimulatedReplicaSet};
use std::time::Duration;
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn simulated_elections_and_lost_answers_lose_double_and_reorder_nothing() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    let set = SimulatedReplicaSet::start(&server).await.unwrap();
    let url = set.uri();
    let storages = [open(&url).await, open(&url).await];
    let load = Load::start(&storages, 6, 40);
    for election in 1..=8 {
        load.reaches(election, 10).await;
        set.next("insert", 1, Mishap::AfterExecution);
        set.next("insert", 1, Mishap::BeforeExecution);
        set.depose();
        // For a while there is no primary.
        sleep(Duration::from_millis(150)).await;
        set.elect(election);
    }
    load.reaches(9, 10).await;
    set.next("insert", 2, Mishap::Late(Duration::from_millis(200)));
    load.finish(&open(&url).await).await;
    let happened = set.happened();
    assert_eq!(happened.elections, 8);
    assert!(happened.lost_answers > 0 && happened.lost_requests > 0, "{happened:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_primary_is_found_by_the_call_that_met_the_old_one() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    let set = SimulatedReplicaSet::start(&server).await.unwrap();
    let storage = open(&set.uri()).await;
    let mut ids = Vec::new();
    for election in 1..=4 {
        set.elect(election);
        let id = format!("after election {election}");
        publish(&storage, &id).await.unwrap_or_else(|error| panic!("{id}: {error:?}"));
        ids.push(id);
        set.elect(election + 1);
        assert_eq!(read_all(&storage).await, ids);
    }
    assert!(storage.deployment().contains("replica set secantus of 3"), "{}", storage.deployment());
}

/// With three members, in the deployment that `MONGODB_URI` names: `examples/workflows/mongodb.yml` does that.
#[tokio::test(flavor = "multi_thread")]
async fn real_elections_lose_double_and_reorder_nothing() {
    let Some(server) = MongoServer::with_elections() else { return };
    let database = MongoServer::new_database();
    let url = server.uri_of(&database);
    let storages = [open(&url).await, open(&url).await];
    let load = Load::start(&storages, 6, 400);
    for election in 1..=3 {
        load.reaches(election, 4).await;
        // One that is asked in the middle of an election refuses.
        eventually("a primary steps down", async || server.step_down().await.is_ok()).await;
    }
    load.finish(&storages[0]).await;
    server.drop_database(&database).await.unwrap();
}
