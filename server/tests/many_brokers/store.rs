//! Stores that several processes share.

use crate::host::WeirProcess;
use eventweir_test_servers::mongo::MongoServer;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

/// How many brokers there are.
pub(crate) const BROKERS: usize = 3;

/// A server that is started when it is first wanted, and has room for any number of stores that share nothing.
#[derive(Debug)]
pub(crate) struct Shared {
    server: OnceCell<Server>,
    kind: Kind,
    stores: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Redis,
    Mongo,
}

#[derive(Debug)]
enum Server {
    Redis(RedisServer),
    Mongo(MongoServer),
}

impl Shared {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { server: OnceCell::new(), kind, stores: AtomicUsize::new(0) }
    }

    /// Makes the brokers of a store that nobody has used.
    pub(crate) fn brokers(&self) -> Vec<WeirProcess> {
        // The suite asks for brokers where nothing can be waited for.
        let url = tokio::task::block_in_place(|| Handle::current().block_on(self.fresh()));
        brokers_on(&url, &[])
    }

    /// Returns the URL of a store that nobody has used.
    async fn fresh(&self) -> String {
        let number = self.stores.fetch_add(1, Ordering::Relaxed);
        match self.server.get_or_init(|| self.kind.start()).await {
            Server::Redis(server) => format!("{}?prefix=site-{number}", server.url()),
            Server::Mongo(server) => server.uri(),
        }
    }
}

impl Kind {
    async fn start(self) -> Server {
        match self {
            Self::Redis => Server::Redis(redis().await),
            Self::Mongo => Server::Mongo(MongoServer::start().await.unwrap()),
        }
    }
}

/// Starts a Redis that keeps what it acknowledges.
pub(crate) async fn redis() -> RedisServer {
    RedisServer::start(RedisOptions::default().with_append_only("always")).await.unwrap()
}

/// Makes brokers on a store, which are not started yet.
pub(crate) fn brokers_on(url: &str, arguments: &[&str]) -> Vec<WeirProcess> {
    let arguments = [&["--storage", url], arguments].concat();
    (0..BROKERS).map(|_| WeirProcess::with(&arguments)).collect()
}
