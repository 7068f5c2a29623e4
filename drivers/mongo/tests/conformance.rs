//! The Mongo driver keeps the laws: on a server of the test's own, or on the deployment that `MONGODB_URI` names.
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use eventweir::Result;
use eventweir_conformance::Harness;
use eventweir_mongo::{MongoConfig, MongoStorage};
use eventweir_test_servers::mongo::MongoServer;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// One server for all stores of a property. Each store has a database of its own.
#[derive(Default)]
struct Mongo(OnceCell<Arc<MongoServer>>);

/// A database, and what it is on.
struct Place {
    uri: String,
    _server: Arc<MongoServer>,
}

impl Harness for Mongo {
    type Storage = MongoStorage;
    type Guard = Place;

    async fn fresh(&self) -> Result<(MongoStorage, Place)> {
        let start = || async { MongoServer::start().await.map(Arc::new).expect("a MongoDB server") };
        let server = self.0.get_or_init(start).await.clone();
        let place = Place { uri: server.uri(), _server: server };
        Ok((self.open(&place.uri).await?, place))
    }

    /// Dropped, not closed: a restart is rarely announced.
    async fn reopen(&self, old: MongoStorage, place: &Place) -> Result<Option<MongoStorage>> {
        drop(old);
        self.open(&place.uri).await.map(Some)
    }

    fn place(&self, place: &Place) -> Option<String> {
        Some(place.uri.clone())
    }

    async fn open(&self, uri: &str) -> Result<MongoStorage> {
        MongoStorage::open(MongoConfig::from_url(uri)?).await
    }
}

eventweir_conformance::storage_suite!(Mongo::default());
