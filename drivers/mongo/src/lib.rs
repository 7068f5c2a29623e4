//! Keeps streams in MongoDB.

mod catalog;
mod commit;
mod config;
mod connect;
mod core;
mod deployment;
mod document;
mod error;
mod layout;
mod read;
mod record;
mod state;
mod store;
mod streams;
mod trim;

pub use config::MongoConfig;

use crate::core::Core;
use commit::Committers;
use deployment::Deployment;
use eventweir::{
    Bounds, Catalog, Commit, Cursor, CursorName, Dedup, Durability, JobStore, Page, Promises, ReadQuery,
    Receipt, Record, RecordKey, Result, Retention, Storage, StreamName, Timestamp, Trimmed, Wakeup, WakeupHub,
    WakeupReach, Writers, async_trait,
};
use futures_core::stream::BoxStream;
use std::sync::Arc;
use store::Store;
use streams::{StreamHandle, Streams};

/// Keeps streams in a MongoDB database. Clones share them.
#[derive(Clone, Debug)]
pub struct MongoStorage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Arc<Core>,
    committers: Committers,
    deployment: Deployment,
}

impl MongoStorage {
    /// Connects to a deployment, and makes the collections and indexes that are missing.
    ///
    /// # Errors
    /// [`Config`](eventweir::ErrorKind::Config) when only the operator can mend it: the user, the version, another program's data in
    /// the way. [`Unavailable`](eventweir::ErrorKind::Unavailable) when nobody answers.
    pub async fn open(config: MongoConfig) -> Result<Self> {
        let connection = config.connect().await?;
        layout::prepare(&connection.database).await?;
        let core = Core {
            store: Store::new(connection.database, connection.timeout),
            streams: Streams::default(),
            room: commit::room(),
            commit_time: config.commit_time(),
            dedup_window: config.dedup(),
            wakeups: Arc::new(WakeupHub::new()),
        };
        Ok(Self(Arc::new(Inner {
            core: Arc::new(core),
            committers: Committers::new(),
            deployment: connection.deployment,
        })))
    }

    /// Says in one line, without a secret, what this store is on.
    pub fn deployment(&self) -> String {
        self.0.deployment.sentence(false)
    }

    /// Says what to change on this deployment for it to give a durability; `None` when it does.
    pub fn falls_short(&self, required: Durability) -> Option<String> {
        self.0.deployment.falls_short(required)
    }

    fn core(&self) -> Result<&Core> {
        self.0.committers.check_open()?;
        Ok(&self.0.core)
    }

    /// Returns what is known of a stream, unless the store is closed.
    fn stream(&self, name: &StreamName) -> Result<Arc<StreamHandle>> {
        self.0.committers.check_open()?;
        Ok(self.0.core.streams.handle(name))
    }
}

#[async_trait]
impl Storage for MongoStorage {
    fn promises(&self) -> Promises {
        Promises::new(self.0.deployment.durability(), Dedup::Window(self.0.core.dedup_window))
            .with_wakeup(WakeupReach::Process)
            .with_writers(Writers::Many)
    }

    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.0.committers.commit(&self.0.core, stream, commit).await
    }

    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        read::page(&self.0.core, &*self.stream(stream)?, query).await
    }

    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        read::bounds(&self.0.core, &*self.stream(stream)?).await
    }

    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        state::read_cursor(&self.0.core, &*self.stream(stream)?, name).await
    }

    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        state::read_record(&self.0.core, &*self.stream(stream)?, key).await
    }

    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        trim::trim(&self.0.core, &*self.stream(stream)?, retention, now).await
    }

    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.0.core.wakeups.follow(stream)
    }

    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }

    fn catalog(&self) -> Option<&dyn Catalog> {
        Some(self)
    }

    async fn close(&self) -> Result<()> {
        let closed = self.0.committers.close().await;
        self.0.core.wakeups.close();
        closed
    }
}
