//! The Redis driver keeps the laws, on a server that is started for it.
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use eventweir::Result;
use eventweir_conformance::Harness;
use eventweir_redis::{RedisConfig, RedisStorage};
use eventweir_test_servers::redis::{RedisOptions, RedisServer};
use std::sync::{Arc, Weak};
use tokio::sync::Mutex;

struct Redis;

impl Harness for Redis {
    type Storage = RedisStorage;
    type Guard = Arc<RedisServer>;

    async fn fresh(&self) -> Result<(RedisStorage, Arc<RedisServer>)> {
        let server = shared().await;
        Ok((open(&server.url()).await?, server))
    }

    /// Dropped, not closed: a restart is rarely announced.
    async fn reopen(&self, old: RedisStorage, server: &Arc<RedisServer>) -> Result<Option<RedisStorage>> {
        drop(old);
        open(&server.url()).await.map(Some)
    }

    fn place(&self, server: &Arc<RedisServer>) -> Option<String> {
        Some(server.url())
    }

    async fn open(&self, place: &str) -> Result<RedisStorage> {
        open(place).await
    }

    async fn small(&self) -> Result<Option<(RedisStorage, Arc<RedisServer>)>> {
        let options = RedisOptions::default().with_append_only("always").with_max_memory(8 << 20);
        let server = Arc::new(RedisServer::start(options).await.expect("a small server"));
        Ok(Some((open(&server.url()).await?, server)))
    }
}

async fn open(url: &str) -> Result<RedisStorage> {
    RedisStorage::open(RedisConfig::from_url(url)?).await
}

/// One server for all who run at the same time; it ends with the last of them.
async fn shared() -> Arc<RedisServer> {
    static SERVER: Mutex<Weak<RedisServer>> = Mutex::const_new(Weak::new());
    let mut server = SERVER.lock().await;
    match server.upgrade() {
        Some(running) => running,
        None => {
            let options = RedisOptions::default().with_append_only("always");
            let started = Arc::new(RedisServer::start(options).await.expect("a server"));
            *server = Arc::downgrade(&started);
            started
        }
    }
}

eventweir_conformance::storage_suite!(Redis);
