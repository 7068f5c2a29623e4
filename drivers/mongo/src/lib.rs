#![doc = include_str!("../README.md")]

mod attended;
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
mod watch;

pub use config::MongoConfig;

use crate::core::Core;
use attended::attended;
use commit::Committers;
use deployment::Deployment;
use eventweir::{
    Bounds, Catalog, Commit, Cursor, CursorName, Dedup, Durability, JobStore, Page, Promises, ReadQuery,
    Receipt, Record, RecordKey, Result, Retention, Storage, StreamName, Timestamp, Trimmed, Wakeup,
    WakeupHub, WakeupReach, Writers, async_trait,
};
use futures_core::stream::BoxStream;
use std::sync::Arc;
use store::Store;
use streams::{StreamHandle, Streams};
use watch::Watch;

/// Keeps streams in a MongoDB database. Clones share them.
#[derive(Clone, Debug)]
pub struct MongoStorage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Arc<Core>,
    committers: Committers,
    watch: Watch,
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
        let wakeups = Arc::new(WakeupHub::new());
        let watch = Watch::new(connection.watcher, connection.database.name(), wakeups.clone());
        let core = Core {
            store: Store::new(connection.database, connection.timeout),
            streams: Streams::default(),
            room: commit::room(),
            commit_time: config.commit_time(),
            dedup_window: config.dedup(),
            wakeups,
        };
        Ok(Self(Arc::new(Inner {
            core: Arc::new(core),
            committers: Committers::new(),
            watch,
            deployment: connection.deployment,
        })))
    }

    /// Says in one line, without a secret, what this store is on.
    pub fn deployment(&self) -> String {
        self.0.deployment.sentence(self.0.watch.reaches_everywhere())
    }

    /// Says what to change on this deployment for it to give a durability; `None` when it does.
    pub fn falls_short(&self, required: Durability) -> Option<String> {
        self.0.deployment.falls_short(required)
    }

    fn core(&self) -> Result<Arc<Core>> {
        self.0.committers.check_open()?;
        Ok(self.0.core.clone())
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
        let everywhere = self.0.watch.reaches_everywhere();
        Promises::new(self.0.deployment.durability(), Dedup::Window(self.0.core.dedup_window))
            .with_wakeup(if everywhere { WakeupReach::Everywhere } else { WakeupReach::Process })
            .with_writers(Writers::Many)
    }

    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.0.committers.commit(&self.0.core, stream, commit).await
    }

    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let (core, stream, query) = (self.core()?, self.stream(stream)?, query.clone());
        attended(async move { read::page(&core, &stream, &query).await }).await
    }

    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        let (core, stream) = (self.core()?, self.stream(stream)?);
        attended(async move { read::bounds(&core, &stream).await }).await
    }

    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        let (core, stream, name) = (self.core()?, self.stream(stream)?, name.clone());
        attended(async move { state::read_cursor(&core, &stream, &name).await }).await
    }

    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        let (core, stream, key) = (self.core()?, self.stream(stream)?, key.clone());
        attended(async move { state::read_record(&core, &stream, &key).await }).await
    }

    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        let (core, stream, retention) = (self.core()?, self.stream(stream)?, *retention);
        attended(async move { trim::trim(&core, &stream, &retention, now).await }).await
    }

    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.0.watch.begin();
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
        self.0.watch.close().await;
        self.0.core.store.close().await;
        closed
    }
}
