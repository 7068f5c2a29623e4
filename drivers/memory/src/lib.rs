#![doc = include_str!("../README.md")]

mod catalog;
mod log;
mod room;
mod url;

use eventweir::{
    Bounds, Catalog, Commit, Cursor, CursorName, Dedup, Durability, Error, ErrorKind, JobStore, Page,
    Promises, ReadQuery, Receipt, Record, RecordKey, Result, Retention, Storage, StreamName, SystemClock,
    Timestamp, Trimmed, Wakeup, WakeupHub, WakeupReach, Writers, async_trait, clock::Clock,
};
use futures_core::stream::BoxStream;
use log::Log;
use parking_lot::Mutex;
use room::Room;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Keeps streams in memory. Clones share them; everything ends with the last clone.
#[derive(Clone, Debug)]
pub struct MemoryStorage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// One lock for everything: a commit holds it for microseconds and never across an await.
    streams: Mutex<Streams>,
    room: Room,
    wakeups: WakeupHub,
    clock: Arc<dyn Clock>,
    dedup_window: Duration,
}

/// `None` once closed.
type Streams = Option<HashMap<StreamName, Log>>;

impl MemoryStorage {
    /// Makes an empty store that recognises repeated ids for an hour after their event is gone.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock), Duration::from_secs(3600))
    }

    /// Makes an empty store with a clock and a window of recognised ids, for tests.
    pub fn with_clock(clock: Arc<dyn Clock>, dedup_window: Duration) -> Self {
        Self::made(clock, dedup_window, Room::endless())
    }

    /// Makes an empty store as [`new`](Self::new) does, which keeps at most so many bytes in all its streams.
    ///
    /// Everything that takes room counts: data, headers and records as they are, and 256 bytes for each event, channel, cursor,
    /// record, and id that is remembered. A commit that would need more is refused as
    /// [`StorageFull`](ErrorKind::StorageFull), whole; trimming makes room, and ids do when their window is over.
    pub fn with_max_bytes(bytes: u64) -> Self {
        Self::made(Arc::new(SystemClock), Duration::from_secs(3600), Room::of(bytes))
    }

    fn made(clock: Arc<dyn Clock>, dedup_window: Duration, room: Room) -> Self {
        let streams = Mutex::new(Some(HashMap::new()));
        Self(Arc::new(Inner { streams, room, wakeups: WakeupHub::new(), clock, dedup_window }))
    }

    /// Runs a step on a stream, which exists from then on, with the lock held.
    fn on<T>(&self, stream: &StreamName, step: impl FnOnce(&mut Log) -> Result<T>) -> Result<T> {
        let mut streams = self.0.streams.lock();
        let streams = streams.as_mut().ok_or_else(closed)?;
        let step = |log: &mut Log| {
            let before = log.weight();
            let done = step(log);
            self.0.room.changed(before, log.weight());
            done
        };
        match streams.get_mut(stream) {
            Some(log) => step(log),
            None => step(streams.entry(stream.clone()).or_insert_with(Log::new)),
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the memory store is closed")
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    fn promises(&self) -> Promises {
        Promises::new(Durability::Volatile, Dedup::Window(self.0.dedup_window))
            .with_wakeup(WakeupReach::Process)
            .with_writers(Writers::One)
    }

    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let now = self.0.clock.now();
        let receipt = self.on(stream, |log| log.commit(commit, now, self.0.room.left()))?;
        self.0.wakeups.notify(stream, receipt.head);
        Ok(receipt)
    }

    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.on(stream, |log| Ok(log.read(query)))
    }

    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.on(stream, |log| Ok(log.bounds()))
    }

    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.on(stream, |log| Ok(log.cursor(name)))
    }

    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.on(stream, |log| Ok(log.record(key)))
    }

    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        // Ids were remembered by this store's clock, and are forgotten by it, whatever the caller's says.
        let own_now = self.0.clock.now();
        self.on(stream, |log| Ok(log.trim(retention, now, own_now, self.0.dedup_window)))
    }

    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.0.wakeups.follow(stream)
    }

    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }

    fn catalog(&self) -> Option<&dyn Catalog> {
        Some(self)
    }

    async fn close(&self) -> Result<()> {
        *self.0.streams.lock() = None;
        self.0.wakeups.close();
        Ok(())
    }
}
