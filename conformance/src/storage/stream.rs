//! A client of one stream, with the few calls that the properties make all the time.

use crate::Failure;
use crate::failure::ensure;
use crate::words::event;
use eventweir::{
    Bounds, Commit, Direction, Error, Event, NewEvent, Page, Position, ReadQuery, Receipt, Retention,
    Selector, Sequence, Start, Storage, StreamName, Timestamp, Trimmed,
};
use parking_lot::Mutex;
use std::sync::Arc;

/// Invents stream names, and knows which it invented.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamNames(Arc<Mutex<Vec<StreamName>>>);

impl StreamNames {
    #[allow(clippy::expect_used, reason = "a prefix and 32 hexadecimal digits are a stream name")]
    pub(crate) fn invent(&self) -> StreamName {
        let name = format!("conformance-{}", uuid::Uuid::new_v4().simple());
        let name = StreamName::new(&name).expect("a stream name");
        self.0.lock().push(name.clone());
        name
    }

    /// Returns what was invented, and forgets it.
    pub(crate) fn take(&self) -> Vec<StreamName> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// Works in one stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamClient {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) stream: StreamName,
    names: StreamNames,
}

impl StreamClient {
    pub(crate) fn new(storage: Arc<dyn Storage>, stream: StreamName, names: StreamNames) -> Self {
        Self { storage, stream, names }
    }

    /// Returns a client of another stream of the same store.
    pub(crate) fn elsewhere(&self) -> Self {
        Self::new(self.storage.clone(), self.names.invent(), self.names.clone())
    }

    /// Gives the store back, and returns where the client worked.
    pub(crate) fn place(self) -> (StreamName, StreamNames) {
        (self.stream, self.names)
    }

    /// Commits, and lets the property judge an error.
    pub(crate) async fn try_commit(&self, commit: &Commit) -> Result<Receipt, Error> {
        self.storage.commit(&self.stream, commit).await
    }

    /// Commits what has every reason to succeed.
    pub(crate) async fn commit(&self, commit: &Commit) -> Result<Receipt, Failure> {
        self.try_commit(commit).await.map_err(|error| Failure::from(error).at("commit"))
    }

    /// Commits one event and returns its sequence.
    pub(crate) async fn publish(&self, new: NewEvent) -> Result<Sequence, Failure> {
        let receipt = self.commit(&Commit::append([new])).await?;
        let first = receipt.events.first();
        first.map(|placed| placed.sequence).ok_or_else(|| Failure::new("a receipt does not list its event"))
    }

    /// Commits `count` events on a channel, in one commit, and returns the head after it.
    pub(crate) async fn fill(&self, channel: &str, count: usize) -> Result<Sequence, Failure> {
        let events = (0..count).map(|n| event(channel, n.to_string()));
        Ok(self.commit(&Commit::append(events)).await?.head)
    }

    pub(crate) async fn read(&self, query: &ReadQuery) -> Result<Page, Failure> {
        let page = self.storage.read(&self.stream, query).await;
        page.map_err(|error| Failure::from(error).at("read"))
    }

    pub(crate) async fn bounds(&self) -> Result<Bounds, Failure> {
        let bounds = self.storage.bounds(&self.stream).await;
        bounds.map_err(|error| Failure::from(error).at("bounds"))
    }

    /// Trims until nothing is left to remove. The events of all steps are added up.
    pub(crate) async fn trim(&self, retention: &Retention, now: Timestamp) -> Result<Trimmed, Failure> {
        let mut removed = 0;
        for _ in 0..MOST_STEPS {
            let step = self.storage.trim(&self.stream, retention, now).await;
            let step = step.map_err(|error| Failure::from(error).at("trim"))?;
            removed += step.events;
            if !step.more {
                return Ok(Trimmed { events: removed, ..step });
            }
        }
        Err(Failure::new(format!("a trim still has more to do after {MOST_STEPS} calls")))
    }

    /// Keeps only the newest `count` events.
    pub(crate) async fn keep(&self, count: u64) -> Result<Trimmed, Failure> {
        let retention = Retention { max_events: Some(count), ..Retention::FOREVER };
        self.trim(&retention, Timestamp::now()).await
    }

    /// Walks page by page to the end, as a reader does that resumes, and returns every event it was given.
    pub(crate) async fn walk(&self, query: &ReadQuery) -> Result<Vec<Arc<Event>>, Failure> {
        let mut query = query.clone();
        let mut events = Vec::new();
        for _ in 0..MOST_STEPS {
            let page = self.read(&query).await?;
            events.extend(page.events.iter().cloned());
            if !page.more {
                return Ok(events);
            }
            resume(&mut query, &page);
        }
        Err(Failure::new(format!("a walk has no end: there is still more after {MOST_STEPS} pages")))
    }

    /// Reads everything that a selector means, oldest first.
    pub(crate) async fn all(&self, selector: &Selector) -> Result<Vec<Arc<Event>>, Failure> {
        self.walk(&ReadQuery::new(selector.clone(), Start::Earliest)).await
    }

    /// Lists the sequences of all retained events, and checks that they are those of a log with this head and no holes.
    pub(crate) async fn expect_log(&self, count: u64) -> Result<Vec<Arc<Event>>, Failure> {
        let events = self.all(&Selector::all()).await?;
        let sequences: Vec<u64> = events.iter().map(|event| event.sequence.get()).collect();
        ensure!(
            sequences.iter().copied().eq(1..=count),
            "the log should hold the sequences 1 to {count}, and holds {sequences:?}"
        );
        Ok(events)
    }
}

/// Makes of a query the one that reads on after its page.
pub(crate) fn resume(query: &mut ReadQuery, page: &Page) {
    match query.direction {
        Direction::Ascending => query.start = Start::At(Position::new(page.bounds.epoch, page.through)),
        Direction::Descending => query.until = Some(page.through.previous()),
    }
}

/// No walk of the suite is as long as this.
const MOST_STEPS: usize = 100_000;
