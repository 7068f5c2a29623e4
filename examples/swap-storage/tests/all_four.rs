//! Runs the program on all four storages: the servers are started here, and end with the test.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use eventweir_test_servers::mongo::MongoServer;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};
use std::process::Command;

/// Runs the program once, and returns what it says.
fn run(url: &str) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_swap-storage")).arg(url).output().unwrap();
    assert!(ran.status.success(), "{url}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

fn assert_counts(url: &str, durability: &str, counts: [u64; 3]) {
    for count in counts {
        let said = run(url);
        assert!(said.contains(&format!("durability `{durability}`")), "{url}: {said}");
        assert!(said.contains(&format!("has run {count} time(s)")), "{url}: {said}");
    }
}

#[test]
fn on_memory_each_run_is_the_first() {
    assert_counts("memory:", "volatile", [1, 1, 1]);
}

#[test]
fn on_sqlite_runs_add_up() {
    let folder = tempfile::tempdir().unwrap();
    assert_counts(&format!("sqlite:{}/runs.db", folder.path().display()), "disk", [1, 2, 3]);
}

#[tokio::test]
async fn on_redis_runs_add_up() {
    let server = RedisServer::start(RedisOptions::default().with_append_only("always")).await.unwrap();
    assert_counts(&server.url(), "disk", [1, 2, 3]);
}

#[tokio::test]
async fn on_mongodb_runs_add_up() {
    let server = MongoServer::start().await.unwrap();
    let database = MongoServer::new_database();
    let url = server.uri_of(&database);
    let durability = if run(&url).contains("`replicated`") { "replicated" } else { "disk" };
    assert_counts(&url, durability, [2, 3, 4]);
    server.drop_database(&database).await.unwrap();
}
