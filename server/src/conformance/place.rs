//! The store that is examined: where it is, and how the suite opens and ends it.

use super::served::Running;
use super::store::UrlStorage;
use crate::serve::storage::registry;
use eventweir::{Durability, Error, ErrorKind, Promises, Result, Storage, StreamName, Writers};
use eventweir_conformance::Harness;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Knows one store by its URL, and what the suite made in it.
pub(super) struct Place {
    url: String,
    /// What it promised when it was opened first.
    promises: Mutex<Option<Promises>>,
    /// The open store that handles share, where only one process can have it open.
    shared: Mutex<Option<Weak<dyn Storage>>>,
    opening: tokio::sync::Mutex<()>,
    /// The streams that the suite used and did not remove.
    used: Mutex<BTreeSet<StreamName>>,
    /// The brokers over it that run now.
    pub(super) running: tokio::sync::Mutex<Option<Running>>,
}

impl Place {
    pub(super) fn new(url: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            url: url.into(),
            promises: Mutex::default(),
            shared: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            used: Mutex::default(),
            running: tokio::sync::Mutex::default(),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Returns what the store promised, once it was open.
    pub(super) fn promises(&self) -> Option<Promises> {
        self.promises.lock().clone()
    }

    /// Returns whether what was acknowledged outlives the store being ended.
    pub(super) fn survives(&self) -> bool {
        self.promises().is_some_and(|promises| promises.durability > Durability::Volatile)
    }

    /// Returns whether several processes may have the store open, and write.
    pub(super) fn is_for_many(&self) -> bool {
        self.promises().is_some_and(|promises| promises.writers == Writers::Many)
    }

    /// Returns whether what was acknowledged outlives the processes that have the store open: it is on a disk, or in a server.
    pub(super) fn outlives(&self) -> bool {
        self.survives() || self.is_for_many()
    }

    /// Makes the name of a stream that nobody has.
    #[allow(clippy::expect_used, reason = "a prefix and 32 hexadecimal digits are a stream name")]
    pub(super) fn invent(&self) -> StreamName {
        StreamName::new(&format!("{OWN}{}", Uuid::new_v4().simple())).expect("a stream name")
    }

    /// Opens the store, or shares it where it is open and cannot be opened twice.
    pub(super) async fn store(&self) -> Result<Arc<dyn Storage>> {
        let _one_at_a_time = self.opening.lock().await;
        if let Some(shared) = self.shared.lock().as_ref().and_then(Weak::upgrade) {
            return Ok(shared);
        }
        let store = self.open().await?;
        let promises = store.promises();
        if promises.writers == Writers::One && promises.durability > Durability::Volatile {
            *self.shared.lock() = Some(Arc::downgrade(&store));
        }
        *self.promises.lock() = Some(promises);
        Ok(store)
    }

    /// A store that this process has just let go of may need a moment until it can be had again.
    async fn open(&self) -> Result<Arc<dyn Storage>> {
        let first = self.promises().is_none();
        let began = Instant::now();
        loop {
            match registry().open(&self.url).await {
                Err(error) if !first && is_taken(&error) && began.elapsed() < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                }
                opened => return opened,
            }
        }
    }

    /// Returns whether a store that a handle has is the one that is shared now.
    pub(super) fn is_current(&self, store: &Arc<dyn Storage>) -> bool {
        let shared = self.shared.lock();
        shared.as_ref().is_none_or(|shared| std::ptr::addr_eq(shared.as_ptr(), Arc::as_ptr(store)))
    }

    /// Forgets a store that is about to be closed: the next handle opens another.
    pub(super) fn forget(&self, store: &Arc<dyn Storage>) {
        if self.is_current(store) && self.shared.lock().is_some() {
            *self.shared.lock() = Some(nothing());
        }
    }

    /// Lets the suite use a stream, unless it is somebody else's.
    pub(super) fn own(&self, stream: &StreamName) -> Result<()> {
        if !is_own(stream) {
            let message = format!("the suite works in streams of its own, and {stream} is none");
            return Err(Error::new(ErrorKind::PermissionDenied, message));
        }
        let mut used = self.used.lock();
        if !used.contains(stream) {
            used.insert(stream.clone());
        }
        Ok(())
    }

    /// Returns whether the suite made a stream.
    pub(super) fn uses(&self, stream: &StreamName) -> bool {
        self.used.lock().contains(stream)
    }

    /// Notes that a stream is gone.
    pub(super) fn removed(&self, stream: &StreamName) {
        self.used.lock().remove(stream);
    }

    /// Makes a stream and removes it again, and returns after which sequence it began.
    ///
    /// # Errors
    /// When the store cannot be opened, written to or closed.
    pub(super) async fn try_out(&self) -> Result<u64> {
        let store = self.store().await?;
        let stream = self.invent();
        self.own(&stream)?;
        let head = store.bounds(&stream).await.map(|bounds| bounds.head.get());
        self.forget(&store);
        let closed = store.close().await;
        self.sweep().await?;
        closed.and(head)
    }

    /// Removes the streams that properties could not remove: they were stuck, or their processes died.
    ///
    /// # Errors
    /// When some are left; it names them.
    pub(super) async fn sweep(&self) -> Result<()> {
        if let Some(running) = self.running.lock().await.take() {
            running.leave(self).await?;
        }
        let used = self.used.lock().clone();
        self.remove(used).await
    }

    /// Removes streams, when nobody else has the store open.
    ///
    /// # Errors
    /// When some are left; they are removed by the next [`sweep`](Self::sweep).
    pub(super) async fn remove(&self, streams: BTreeSet<StreamName>) -> Result<()> {
        if streams.is_empty() || !self.outlives() {
            return Ok(());
        }
        let store = self.store().await?;
        let removed = self.remove_from(&*store, &streams).await;
        self.forget(&store);
        removed.and(store.close().await)
    }

    async fn remove_from(&self, store: &dyn Storage, streams: &BTreeSet<StreamName>) -> Result<()> {
        let Some(catalog) = store.catalog() else {
            let names: Vec<_> = streams.iter().map(StreamName::as_str).collect();
            let message = format!("the store cannot remove streams: it keeps {}", names.join(", "));
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        for stream in catalog.streams().await?.iter().filter(|stream| streams.contains(stream)) {
            catalog.delete_stream(stream).await?;
        }
        streams.iter().for_each(|stream| self.removed(stream));
        Ok(())
    }
}

/// Stands for a store that was closed.
fn nothing() -> Weak<dyn Storage> {
    Weak::<eventweir_memory::MemoryStorage>::new()
}

fn is_own(stream: &StreamName) -> bool {
    stream.as_str().starts_with(OWN)
}

/// Whether somebody has the store open.
fn is_taken(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ReadOnly | ErrorKind::Unavailable)
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}

/// Hands stores at a URL to the suite.
pub(super) struct UrlHarness(Arc<Place>);

impl UrlHarness {
    pub(super) fn new(place: Arc<Place>) -> Self {
        Self(place)
    }

    /// Serves a process that the suite started, which is told the place.
    pub(super) fn of_child() -> Self {
        Self(Place::new(""))
    }
}

impl Harness for UrlHarness {
    type Storage = UrlStorage;
    type Guard = ();

    async fn fresh(&self) -> Result<(UrlStorage, ())> {
        Ok((UrlStorage::open(self.0.clone()).await?, ()))
    }

    /// Closed and opened again, since others of this process may hold it too. What dies without a word is in another process.
    async fn reopen(&self, old: UrlStorage, (): &()) -> Result<Option<UrlStorage>> {
        old.close().await?;
        UrlStorage::open(self.0.clone()).await.map(Some)
    }

    fn place(&self, (): &()) -> Option<String> {
        self.0.survives().then(|| self.0.url.clone())
    }

    async fn open(&self, place: &str) -> Result<UrlStorage> {
        match place == self.0.url {
            true => UrlStorage::open(self.0.clone()).await,
            false => UrlStorage::open(Place::new(place)).await,
        }
    }
}

/// What the names of the suite's own streams begin with.
const OWN: &str = "conformance-";
/// How long a store may take to be free again.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);
