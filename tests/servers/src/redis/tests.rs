#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;

#[tokio::test]
async fn what_is_synced_survives_a_kill_and_the_port_stays() {
    let options = RedisOptions::default().with_append_only("always").with_password("secret");
    let mut server = RedisServer::start(options).await.unwrap();
    let port = server.port();
    assert_eq!(server.ask(&["SET", "key", "value"]).await.unwrap(), Reply::Status("OK".to_owned()));
    server.kill().await.unwrap();
    assert!(server.ask(&["PING"]).await.is_err());
    server.restart().await.unwrap();
    assert_eq!(server.port(), port);
    assert_eq!(server.ask(&["GET", "key"]).await.unwrap().text(), "value");
    assert_eq!(server.info("aof_enabled").await.unwrap(), "1");
    server.stop().await.unwrap();
    assert!(!server.is_up());
}

#[tokio::test]
async fn a_paused_server_answers_once_it_goes_on() {
    let mut server = RedisServer::start(RedisOptions::default()).await.unwrap();
    server.pause().await.unwrap();
    let command = ["PING"];
    let mut asking = Box::pin(server.ask(&command));
    let early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut asking).await;
    assert!(early.is_err(), "{early:?}");
    drop(asking);
    server.resume().unwrap();
    assert_eq!(server.ask(&command).await.unwrap().text(), "PONG");
}

#[tokio::test]
async fn a_refused_directive_is_told_in_the_server_s_words() {
    let refused = RedisServer::start(RedisOptions::default().with("no-such-thing", 1)).await.unwrap_err();
    assert!(refused.to_string().contains("no-such-thing"), "{refused}");
}

#[tokio::test]
async fn a_replica_takes_the_place_of_a_killed_master() {
    let options = RedisOptions::default().with_append_only("always");
    let mut set = RedisSentinel::start(options, 1).await.unwrap();
    let old = set.master().await.unwrap();
    set.servers()[old].kill().await.unwrap();
    let new = set.wait_master_other_than(old).await.unwrap();
    set.servers()[new].ask(&["SET", "key", "value"]).await.unwrap();
    set.servers()[old].restart().await.unwrap();
    set.wait_replicas(new, 1).await.unwrap();
}

#[tokio::test]
async fn a_slot_moves_with_its_keys_and_a_replica_takes_a_killed_master_s_slots() {
    let mut cluster = RedisCluster::start(RedisOptions::default().with_password("secret")).await.unwrap();
    let slot = cluster.slot_of("{a}").await.unwrap();
    let from = cluster.master_of(slot).await.unwrap();
    for key in 0..10 {
        cluster.nodes()[from].ask(&["SET", &format!("{{a}}{key}"), "value"]).await.unwrap();
    }
    let to = (from + 1) % 3;
    let mut steps = 0;
    cluster.move_slot(slot, to, async || steps += 1).await.unwrap();
    assert_eq!(steps, 5);
    assert_eq!(cluster.nodes()[to].ask(&["GET", "{a}9"]).await.unwrap().text(), "value");
    // Its replica has it as soon as it has said so.
    cluster.nodes()[to].ask(&["WAIT", "1", "10000"]).await.unwrap();
    cluster.nodes()[to].kill().await.unwrap();
    let new = cluster.wait_other_master(slot, to).await.unwrap();
    assert_eq!(new, to + 3);
    assert_eq!(cluster.nodes()[new].ask(&["GET", "{a}9"]).await.unwrap().text(), "value");
}
