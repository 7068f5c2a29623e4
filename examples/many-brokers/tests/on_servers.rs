//! Runs the program on Redis and on MongoDB: the servers are started here, and end with the test.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use eventweir_test_servers::mongo::MongoServer;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};
use std::process::Command;

fn assert_runs(url: &str) {
    // A second run finds what the first has left.
    for _ in 0..2 {
        let ran = Command::new(env!("CARGO_BIN_EXE_many-brokers")).arg(url).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{url}: {said}{}", String::from_utf8_lossy(&ran.stderr));
        assert!(said.contains("went on at the second"), "{said}");
    }
}

#[tokio::test]
async fn on_redis() {
    let server = RedisServer::start(RedisOptions::default()).await.unwrap();
    assert_runs(&server.url());
}

#[tokio::test]
async fn on_mongodb() {
    let server = MongoServer::start().await.unwrap();
    let database = MongoServer::new_database();
    assert_runs(&server.uri_of(&database));
    server.drop_database(&database).await.unwrap();
}
