//! The tail: follows one stream on one node, and serves all who keep up from memory.

use super::batch::Batch;
use super::feed::{Feed, Feeds};
use super::index::Key;
use super::ring::Ring;
use crate::{
    Bounds, Commit, Direction, Epoch, Event, Page, Position, ReadQuery, Receipt, Result, Scope, Selector,
    Sequence, Start, Storage, StreamName,
};
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// A batch for a subscriber has at most this many events and, but for its first event, this many bytes.
const BATCH_EVENTS: usize = 512;
const BATCH_BYTES: usize = 256 << 10;
/// Commits that came back before one in front of them; more than that are read from the store instead.
const MOST_EARLY: usize = 4096;
/// How long a commit waits for one in front of it before the store is read.
const EARLY_GRACE: Duration = Duration::from_millis(3);
/// How often a commit looks for itself before it gives up; one look is enough for a store that keeps its word.
const MOST_LOOKS: usize = 100;
/// Events whose feeds are looked up one by one; when more have come, all feeds are woken.
const MOST_WOKEN: usize = 4096;
/// Events read at once when following the store.
const CATCH_UP_PAGE: usize = 1000;

/// Bounds a tail's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TailLimits {
    pub(crate) max_events: usize,
    pub(crate) max_bytes: usize,
    pub(crate) max_keys: usize,
}

#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) stream: StreamName,
    pub(super) storage: Arc<dyn Storage>,
    /// Taken for microseconds, never across an await. Lock order: `ring`, then `feeds`, then a feed's own.
    ring: RwLock<Ring>,
    pub(super) feeds: Mutex<Feeds>,
    /// Own commits whose predecessors are not here yet, by first sequence.
    early: Mutex<BTreeMap<Sequence, Vec<Arc<Event>>>>,
    /// Tells that the head moved: those who wait for a sequence, and the waker.
    grown: Notify,
    /// A permit for the waker, so that it cannot oversleep.
    to_wake: Notify,
    /// How many may wait; while nobody does, nobody is woken. Raised before a listener first looks at the ring, and read after
    /// the ring was written: one of both sees the other.
    pub(super) listeners: AtomicUsize,
    /// One reader of the store at a time; the others profit from what it read.
    catching_up: tokio::sync::Mutex<()>,
    closed: AtomicBool,
    limits: TailLimits,
}

/// Says what a subscriber finds after its place.
pub(crate) enum Taken {
    /// Events.
    Batch(Arc<Batch>),
    /// Nothing for it up to here.
    Nothing(Sequence),
    /// Its place is older than the ring: ask the store.
    Behind,
    /// The stream is another incarnation.
    OtherEpoch,
}

/// Says how a page that was read goes with what a tail has in memory.
enum Sequel {
    /// It follows on the head.
    Next,
    /// The tail is too far behind to read everything, or some of what it has or missed is gone. Those who want it, or have to be
    /// told, ask the store.
    Jump,
    /// It is of another incarnation, or the store has lost what it had shown.
    Anew,
}

impl Tail {
    /// Starts at the stream's head.
    pub(crate) async fn start(
        stream: StreamName,
        storage: Arc<dyn Storage>,
        limits: TailLimits,
    ) -> Result<Self> {
        let bounds = storage.bounds(&stream).await?;
        Ok(Self {
            stream,
            storage,
            ring: RwLock::new(Ring::new(bounds, limits)),
            feeds: Mutex::default(),
            early: Mutex::default(),
            grown: Notify::new(),
            to_wake: Notify::new(),
            listeners: AtomicUsize::new(0),
            catching_up: tokio::sync::Mutex::default(),
            closed: AtomicBool::new(false),
            limits,
        })
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.ring.read().bounds()
    }

    pub(crate) fn head(&self) -> Sequence {
        self.ring.read().head
    }

    /// Ends all subscriptions.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.feeds.lock().wake_all();
        self.tell_growth();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Takes over a commit of this node, and returns once a reader of this node would see it.
    pub(crate) async fn hand_over(&self, commit: Commit, receipt: &Receipt) {
        let last = receipt.events.iter().map(|event| event.sequence).max().unwrap_or(Sequence::ZERO);
        if !receipt.repeated {
            let fresh: Vec<_> = commit
                .append
                .into_iter()
                .zip(&receipt.events)
                .filter(|(_, placed)| !placed.duplicate)
                .map(|(new, placed)| Arc::new(Event::new(placed.sequence, new)))
                .collect();
            self.offer(receipt.epoch, fresh);
        }
        self.settle(receipt.epoch, last).await;
    }

    /// Appends events if they follow on the head, else puts them aside until those before them come.
    fn offer(&self, epoch: Epoch, events: Vec<Arc<Event>>) {
        let Some(first) = events.first().map(|event| event.sequence) else { return };
        let mut ring = self.ring.write();
        if ring.epoch != epoch || first <= ring.head {
            return;
        }
        if first != ring.head.next() {
            let mut early = self.early.lock();
            if early.len() < MOST_EARLY {
                early.insert(first, events);
            }
            return;
        }
        events.into_iter().for_each(|event| ring.push(event));
        let mut early = self.early.lock();
        while let Some(next) = early.first_entry() {
            if *next.key() > ring.head.next() {
                break;
            }
            let events = next.remove();
            if events.first().is_some_and(|event| event.sequence == ring.head.next()) {
                events.into_iter().for_each(|event| ring.push(event));
            }
        }
        drop(early);
        drop(ring);
        self.tell_growth();
    }

    fn tell_growth(&self) {
        if self.listeners.load(Ordering::SeqCst) > 0 {
            self.to_wake.notify_one();
        }
        self.grown.notify_waiters();
    }

    /// Wakes the feeds that mean what came since the last time, until the tail is closed.
    ///
    /// Done by a task of its own that gives way once before it looks: commits that are on their way then wake each feed
    /// together, which gathers deliveries, and no publisher pays for the number of its readers.
    ///
    /// `woken` is where the tail was before anyone could wait.
    pub(crate) async fn wake_feeds(&self, mut woken: Position) {
        while !self.is_closed() {
            self.to_wake.notified().await;
            tokio::task::yield_now().await;
            let (fresh, head) = self.ring.read().since(woken, MOST_WOKEN);
            let feeds = self.feeds.lock();
            match fresh {
                Some(events) => events.iter().for_each(|event| feeds.wake(event)),
                None => feeds.wake_all(),
            }
            woken = head;
        }
    }

    /// Waits until the head has reached a sequence: shortly for own commits on their way, then by reading the store.
    async fn settle(&self, epoch: Epoch, sequence: Sequence) {
        let reached = || {
            let ring = self.ring.read();
            ring.head >= sequence && ring.epoch == epoch
        };
        // As a rule it has.
        if reached() {
            return;
        }
        for _ in 0..MOST_LOOKS {
            let grown = self.grown.notified();
            if reached() {
                return;
            }
            if tokio::time::timeout(EARLY_GRACE, grown).await.is_err() {
                // The commit is done whatever becomes of this read; the follower will try again.
                if self.catch_up().await.is_err() || self.bounds().epoch != epoch {
                    return;
                }
            }
        }
    }

    /// Reads what the store has beyond the head, unless somebody else just has.
    pub(super) async fn catch_up(&self) -> Result<()> {
        let before = self.head();
        let _one_at_a_time = self.catching_up.lock().await;
        if self.head() > before {
            return Ok(());
        }
        self.read_on().await
    }

    /// Looks at the store whatever came meanwhile: not every change moves the head.
    pub(super) async fn look(&self) -> Result<()> {
        let _one_at_a_time = self.catching_up.lock().await;
        self.read_on().await
    }

    /// Looks at the store if a reader met another epoch there than the one that is known here.
    pub(crate) async fn meet(&self, epoch: Epoch) -> Result<()> {
        if self.bounds().epoch == epoch {
            return Ok(());
        }
        let _one_at_a_time = self.catching_up.lock().await;
        if self.bounds().epoch == epoch {
            return Ok(());
        }
        self.read_on().await
    }

    async fn read_on(&self) -> Result<()> {
        loop {
            let known = self.bounds();
            let start = Start::At(known.position());
            let query = ReadQuery::new(Selector::all(), start).with_limit(CATCH_UP_PAGE);
            let page = self.storage.read(&self.stream, &query).await?;
            match self.sequel(&known, &page) {
                Sequel::Next => {
                    let more = page.more;
                    self.append_page(page);
                    if !more {
                        return Ok(());
                    }
                }
                Sequel::Jump => {
                    self.let_go(page.bounds);
                    return Ok(());
                }
                Sequel::Anew => {
                    self.restart(page.bounds);
                    return Ok(());
                }
            }
        }
    }

    /// Says how a page goes with what is in memory.
    fn sequel(&self, known: &Bounds, page: &Page) -> Sequel {
        let bounds = &page.bounds;
        // A store that goes on from an earlier incarnation gives no reset, but what is in memory is of the earlier one. And one
        // that has less than it showed has lost it: nobody is to get it from memory.
        let lost = bounds.head < known.head || bounds.deletions < known.deletions;
        if page.reset.is_some() || bounds.epoch != known.epoch || lost {
            return Sequel::Anew;
        }
        let far = bounds.head.get() - known.head.get() > self.limits.max_events as u64;
        if page.gap.is_some() || bounds.deletions > known.deletions || far {
            return Sequel::Jump;
        }
        Sequel::Next
    }

    fn append_page(&self, page: Page) {
        let mut ring = self.ring.write();
        // What was read before a deletion that is known by now may hold what it removed; the next look reads it again.
        if ring.epoch != page.bounds.epoch || ring.deletions != page.bounds.deletions {
            return;
        }
        // Commits handed over since the read are in front of it by now.
        let head = ring.head;
        page.events.into_iter().filter(|event| event.sequence > head).for_each(|event| ring.push(event));
        ring.head = ring.head.max(page.through);
        ring.first = page.bounds.first;
        drop(ring);
        self.tell_growth();
    }

    /// Begins anew at `bounds`.
    fn restart(&self, bounds: Bounds) {
        *self.ring.write() = Ring::new(bounds, self.limits);
        self.early.lock().clear();
        self.tell_all();
    }

    /// Lets go of all events in memory, and goes on from `bounds` if that is further.
    fn let_go(&self, bounds: Bounds) {
        self.ring.write().let_go(bounds);
        self.tell_all();
    }

    fn tell_all(&self) {
        self.feeds.lock().wake_all();
        self.tell_growth();
    }

    /// Looks whether the stream is still the same incarnation, and whether something was deleted.
    pub(crate) async fn refresh(&self) -> Result<()> {
        let bounds = self.storage.bounds(&self.stream).await?;
        let known = self.bounds();
        if bounds.epoch != known.epoch {
            self.restart(bounds);
        } else if bounds.deletions > known.deletions {
            self.let_go(bounds);
        }
        Ok(())
    }

    /// Lets go of what retention removed.
    pub(crate) fn trimmed(&self, bounds: &Bounds) {
        let mut ring = self.ring.write();
        if ring.epoch == bounds.epoch {
            ring.trimmed(bounds);
        } else {
            // The next look tells how this goes on; until then nothing removed is served.
            ring.clear();
        }
    }

    /// Lets go of all events in memory, after some were deleted.
    pub(crate) fn clear(&self) {
        self.ring.write().clear();
        self.feeds.lock().wake_all();
    }

    /// Answers an ascending query from memory; `None` when only the store can.
    pub(crate) fn page(&self, query: &ReadQuery, keys: &TailKeys) -> Option<(Page, Answered)> {
        if query.until.is_some() {
            return None;
        }
        let ring = self.ring.read();
        let bounds = ring.bounds();
        let after = match query.start {
            Start::At(position) if position.epoch == ring.epoch => position.sequence,
            Start::After(sequence) => sequence,
            // Another broker may have published what is not here yet.
            Start::Earliest | Start::Latest | Start::At(_) => return None,
        };
        let through = match query.direction {
            Direction::Ascending => ring.head.max(after),
            Direction::Descending => after.next(),
        };
        let empty = Page { events: Vec::new(), through, more: false, bounds, gap: None, reset: None };
        if after >= ring.index.last(&keys.0) {
            return Some((empty, Answered::Index));
        }
        if after < ring.complete_after(&keys.0) || query.direction == Direction::Descending {
            return None;
        }
        let found = ring.collect(&query.selector, &keys.0, after, query.limit.max(1), query.max_bytes);
        Some((
            Page { events: found.events, through: found.through, more: found.more, ..empty },
            Answered::Ring,
        ))
    }

    /// Remembers that a read found nothing, so that the next poll need not ask the store.
    pub(crate) fn learn(&self, query: &ReadQuery, keys: &TailKeys, page: &Page) {
        let nothing = page.events.is_empty() && !page.more && page.gap.is_none() && page.reset.is_none();
        // With a source left out, nothing found does not mean nothing there; and a pattern's key covers more than the pattern.
        let partial = query.selector.excepted().is_some()
            || query.selector.scopes().iter().any(|scope| matches!(scope, Scope::Pattern(_)));
        if !nothing || partial || query.until.is_some() {
            return;
        }
        let after = page.begun_after(query.start);
        let mut ring = self.ring.write();
        if ring.epoch == page.bounds.epoch
            && page.bounds.head <= ring.head
            && !matches!(query.start, Start::Earliest)
        {
            for key in &keys.0 {
                ring.index.learn_quiet(key, after, page.bounds.head);
            }
        }
    }

    /// Returns what a subscriber of a feed gets after its place.
    pub(crate) fn take(&self, feed: &Feed, place: Position) -> Taken {
        let ring = self.ring.read();
        if ring.epoch != place.epoch {
            return Taken::OtherEpoch;
        }
        if place.sequence >= ring.index.last(&feed.keys) {
            return Taken::Nothing(ring.head.max(place.sequence));
        }
        if place.sequence < ring.complete_after(&feed.keys) {
            return Taken::Behind;
        }
        if let Some(batch) = feed.shared_after(place) {
            return Taken::Batch(batch);
        }
        let mut found = ring.collect(&feed.selector, &feed.keys, place.sequence, BATCH_EVENTS, BATCH_BYTES);
        while found.events.is_empty() {
            if !found.more {
                return Taken::Nothing(found.through);
            }
            found = ring.collect(&feed.selector, &feed.keys, found.through, BATCH_EVENTS, BATCH_BYTES);
        }
        let batch = Arc::new(Batch::new(found.events, place, Position::new(ring.epoch, found.through)));
        feed.share(&batch);
        Taken::Batch(batch)
    }
}

/// Holds the keys of a selection, worked out once.
#[derive(Debug)]
pub(crate) struct TailKeys(Vec<Key>);

impl TailKeys {
    pub(crate) fn of(selector: &Selector) -> Self {
        Self(Key::of(selector))
    }
}

/// Says what answered a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Index,
    Ring,
    Storage,
}
