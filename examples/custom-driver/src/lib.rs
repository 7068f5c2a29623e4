//! 4. A storage driver of your own: a list in memory, every law in the plainest words.
//!
//! `tests/conformance.rs` holds it to the contract: `cargo test -p custom-driver`. It can neither list nor delete (that part,
//! `Catalog`, is optional), and it promises that nothing survives the process; the suite then leaves out what needs more.

use eventweir::{
    Appended, Bounds, Catalog, ChannelName, Commit, CommitId, Cursor, CursorName, Dedup, Direction,
    Durability, Epoch, Error, ErrorKind, Event, EventId, Expect, Gap, JobStore, Page, Promises, ReadQuery,
    Receipt, Record, RecordKey, Result, Retention, Sequence, Storage, StreamName, Timestamp, Trimmed, Wakeup,
    WakeupHub, async_trait,
};
use futures_core::stream::BoxStream;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Keeps streams as lists.
#[derive(Debug)]
pub struct ListStorage {
    /// `None` once closed.
    streams: Mutex<Option<HashMap<StreamName, List>>>,
    wakeups: WakeupHub,
}

#[derive(Debug)]
struct List {
    epoch: Epoch,
    head: Sequence,
    events: Vec<Arc<Event>>,
    /// The last event of each channel, and the last one that was removed from it.
    last: HashMap<ChannelName, Sequence>,
    removed: HashMap<ChannelName, Sequence>,
    ids: HashMap<EventId, Sequence>,
    receipts: HashMap<CommitId, Receipt>,
    cursors: HashMap<CursorName, Cursor>,
    records: HashMap<RecordKey, Record>,
}

impl List {
    fn new() -> Self {
        Self {
            epoch: Epoch::random(),
            head: Sequence::ZERO,
            events: Vec::new(),
            last: HashMap::new(),
            removed: HashMap::new(),
            ids: HashMap::new(),
            receipts: HashMap::new(),
            cursors: HashMap::new(),
            records: HashMap::new(),
        }
    }

    fn bounds(&self) -> Bounds {
        let first = self.events.first().map_or(self.head.next(), |event| event.sequence);
        // Without a catalog, nothing is ever deleted.
        Bounds { epoch: self.epoch, first, head: self.head, deletions: 0 }
    }

    /// Decides everything, then changes everything: a refused commit leaves nothing behind.
    fn commit(&mut self, commit: &Commit) -> Result<Receipt> {
        if let Some(receipt) = commit.id.as_ref().and_then(|id| self.receipts.get(id)) {
            return Ok(Receipt { repeated: true, ..receipt.clone() });
        }
        commit.check()?;
        if !commit.jobs.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "this driver keeps no jobs"));
        }
        let (actual, holds) = match &commit.expect {
            Expect::Any => (self.head, true),
            Expect::Head(head) => (self.head, *head == self.head),
            Expect::ChannelHead(channel, head) => {
                let last = self.last.get(channel).copied().unwrap_or_default();
                (last, *head == last)
            }
        };
        if !holds {
            return Err(commit.expect.failed(actual));
        }
        let (mut head, mut new_ids, mut events) = (self.head, HashMap::new(), Vec::new());
        for event in &commit.append {
            let known = self.ids.get(&event.id).or_else(|| new_ids.get(&event.id)).copied();
            let sequence = known.unwrap_or_else(|| head.next());
            if known.is_none() {
                head = sequence;
                new_ids.insert(event.id.clone(), sequence);
            }
            events.push(Appended { sequence, duplicate: known.is_some() });
        }
        let mut cursors = Vec::new();
        for change in &commit.cursors {
            let to = change.decide(self.cursors.get(&change.name).map(|cursor| cursor.sequence), head)?;
            cursors.push((change, to));
        }
        let mut records = Vec::new();
        for change in &commit.records {
            let version = change.decide(self.records.get(&change.key).map(|record| record.version))?;
            records.push((change, version));
        }

        for (event, placed) in commit.append.iter().zip(&events).filter(|(_, placed)| !placed.duplicate) {
            self.last.insert(event.channel.clone(), placed.sequence);
            self.events.push(Arc::new(Event::new(placed.sequence, event.clone())));
        }
        for (change, to) in cursors {
            match to {
                Some(sequence) => {
                    let cursor = Cursor { name: change.name.clone(), sequence, moved: change.time };
                    self.cursors.insert(change.name.clone(), cursor)
                }
                None => self.cursors.remove(&change.name),
            };
        }
        for (change, version) in records {
            match (version, change.value.clone()) {
                (Some(version), Some(value)) => {
                    self.records.insert(change.key.clone(), Record { version, value })
                }
                _ => self.records.remove(&change.key),
            };
        }
        self.ids.extend(new_ids);
        self.head = head;
        let receipt = Receipt { epoch: self.epoch, head, events, repeated: false };
        if let Some(id) = &commit.id {
            self.receipts.insert(id.clone(), receipt.clone());
        }
        Ok(receipt)
    }

    /// Looks at every event, in one go: one snapshot, and the limit cuts after the merge of all channels.
    fn read(&self, query: &ReadQuery) -> Page {
        let bounds = self.bounds();
        let (after, reset, tell) = query.start.resolve(&bounds);
        let until = query.until.map_or(self.head, |until| until.min(self.head));
        let descending = query.direction == Direction::Descending;
        let mut page = Page {
            events: Vec::new(),
            through: if descending { after.next() } else { until.max(after) },
            more: false,
            bounds,
            gap: None,
            reset,
        };
        let meant = self.events.iter().filter(|event| {
            event.sequence > after && event.sequence <= until && query.selector.matches(event)
        });
        let mut meant: Vec<_> = meant.cloned().collect();
        if descending {
            meant.reverse();
        }
        let mut bytes = 0;
        for event in meant {
            if !page.events.is_empty() && (page.events.len() >= query.limit || bytes >= query.max_bytes) {
                page.more = true;
                page.through = if descending { event.sequence.next() } else { event.sequence.previous() };
                break;
            }
            bytes += event.data.len() + event.headers.bytes();
            page.events.push(event);
        }
        let of_selection =
            self.removed.iter().filter(|(name, _)| query.selector.matches_channel(name.as_str()));
        let removed =
            of_selection.map(|(_, sequence)| *sequence).max().filter(|removed| tell && *removed > after);
        page.gap = removed.map(|removed| Gap { after, resume_at: removed.next() });
        page
    }

    fn trim(&mut self, retention: &Retention, now: Timestamp) -> Trimmed {
        let cutoff = retention.cutoff(now);
        let size = |event: &Event| (event.data.len() + event.headers.bytes()) as u64;
        let mut bytes: u64 = self.events.iter().map(|event| size(event)).sum();
        let mut gone = 0;
        for event in &self.events {
            let left = self.events.len() as u64 - gone;
            let beyond = retention.max_events.is_some_and(|most| left > most)
                || retention.max_bytes.is_some_and(|most| bytes > most)
                || cutoff.is_some_and(|cutoff| event.time < cutoff);
            if !beyond {
                break;
            }
            bytes -= size(event);
            gone += 1;
            self.removed.insert(event.channel.clone(), event.sequence);
        }
        self.events.drain(..gone as usize);
        Trimmed { events: gone, bounds: self.bounds(), more: false }
    }
}

impl ListStorage {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self { streams: Mutex::new(Some(HashMap::new())), wakeups: WakeupHub::new() }
    }

    fn on<T>(&self, stream: &StreamName, step: impl FnOnce(&mut List) -> Result<T>) -> Result<T> {
        let mut streams = self.streams.lock();
        let streams =
            streams.as_mut().ok_or_else(|| Error::new(ErrorKind::Closed, "the list store is closed"))?;
        step(streams.entry(stream.clone()).or_insert_with(List::new))
    }
}

impl Default for ListStorage {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Storage for ListStorage {
    fn promises(&self) -> Promises {
        Promises::new(Durability::Volatile, Dedup::Forever)
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = self.on(stream, |list| list.commit(commit))?;
        self.wakeups.notify(stream, receipt.head);
        Ok(receipt)
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.on(stream, |list| Ok(list.read(query)))
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.on(stream, |list| Ok(list.bounds()))
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.on(stream, |list| Ok(list.cursors.get(name).cloned()))
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.on(stream, |list| Ok(list.records.get(key).cloned()))
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.on(stream, |list| Ok(list.trim(retention, now)))
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.wakeups.follow(stream)
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        None
    }
    async fn close(&self) -> Result<()> {
        *self.streams.lock() = None;
        self.wakeups.close();
        Ok(())
    }
}
