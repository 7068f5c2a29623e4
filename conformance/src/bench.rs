//! A store on the bench: opened by a harness whose types are forgotten, so that the properties are compiled once.

use crate::client::Client;
use crate::{Failure, Harness};
use async_trait::async_trait;
use eventweir::{Durability, Promises, Result, Storage, StreamName};
use parking_lot::Mutex;
use std::sync::Arc;

/// Opens benches.
pub(crate) struct Lab {
    opener: Box<dyn Opener>,
    /// Stores whose clients were handed out without their bench: their guards live until the property is done.
    kept: Mutex<Vec<Box<dyn Opened>>>,
}

impl Lab {
    pub(crate) fn new(harness: impl Harness) -> Self {
        Self { opener: Box::new(HarnessOpener(Arc::new(harness))), kept: Mutex::default() }
    }

    /// Opens a fresh store, with a stream that nobody used before.
    pub(crate) async fn open(&self) -> Result<Bench, Failure> {
        let opened = self.opener.open().await;
        let opened = opened.map_err(|error| Failure::from(error).at("opening a fresh store"))?;
        Ok(Bench::new(opened, Client::fresh_stream()))
    }

    /// Opens a fresh store that is never opened again, and returns a client on a stream that nobody used before.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        let Bench { client, opened } = self.open().await?;
        self.kept.lock().push(opened);
        Ok(client)
    }
}

/// Holds a store, and a client on a stream of its own.
pub(crate) struct Bench {
    pub(crate) client: Client,
    opened: Box<dyn Opened>,
}

impl Bench {
    fn new(opened: Box<dyn Opened>, stream: StreamName) -> Self {
        Self { client: Client::new(opened.storage(), stream), opened }
    }

    pub(crate) fn promises(&self) -> Promises {
        self.client.storage.promises()
    }

    /// Returns whether the driver promises to survive being reopened.
    pub(crate) fn survives(&self) -> bool {
        self.promises().durability > Durability::Volatile
    }

    /// Ends the store and opens it again. Every other handle on it must be gone.
    pub(crate) async fn reopen(self) -> Result<Self, Failure> {
        let Self { client, opened } = self;
        let (durability, stream) = (client.storage.promises().durability, client.stream.clone());
        drop(client);
        let reopened = opened.reopen().await?.ok_or_else(|| {
            Failure::new(format!(
                "the driver promises the durability {:?}, but its harness cannot reopen it",
                durability.as_str()
            ))
        })?;
        Ok(Self::new(reopened, stream))
    }
}

#[async_trait]
trait Opener: Send + Sync {
    async fn open(&self) -> Result<Box<dyn Opened>>;
}

#[async_trait]
trait Opened: Send {
    fn storage(&self) -> Arc<dyn Storage>;
    /// Returns `None` when the harness cannot.
    async fn reopen(self: Box<Self>) -> Result<Option<Box<dyn Opened>>, Failure>;
}

struct HarnessOpener<H>(Arc<H>);

#[async_trait]
impl<H: Harness> Opener for HarnessOpener<H> {
    async fn open(&self) -> Result<Box<dyn Opened>> {
        let (storage, guard) = self.0.fresh().await?;
        Ok(Box::new(HarnessOpened { storage: Arc::new(storage), guard, harness: self.0.clone() }))
    }
}

/// Fields are dropped in this order: the guard outlives the store.
struct HarnessOpened<H: Harness> {
    storage: Arc<H::Storage>,
    guard: H::Guard,
    harness: Arc<H>,
}

#[async_trait]
impl<H: Harness> Opened for HarnessOpened<H> {
    fn storage(&self) -> Arc<dyn Storage> {
        self.storage.clone()
    }

    async fn reopen(self: Box<Self>) -> Result<Option<Box<dyn Opened>>, Failure> {
        let Self { storage, guard, harness } = *self;
        let old = Arc::try_unwrap(storage)
            .map_err(|_| Failure::new("the suite itself still holds the store that it wants to reopen"))?;
        let reopened = harness.reopen(old, &guard).await;
        let storage = reopened.map_err(|error| Failure::from(error).at("reopening the store"))?;
        Ok(storage
            .map(|storage| Box::new(Self { storage: Arc::new(storage), guard, harness }) as Box<dyn Opened>))
    }
}
