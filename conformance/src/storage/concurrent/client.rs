//! A client: makes its calls one after the other, beside others that do the same.

use super::call::{Call, Came, Clock, Looked, Made};
use super::step::{CommitStep, CursorStep, ExpectStep, KNOWN, Off, ReadStep, RecordStep, StartStep, Step};
use crate::Failure;
use crate::storage::script::{CHANNELS, SOURCES, other_epoch};
use crate::storage::stream::{StreamClient, resume};
use crate::storage::verify::check_refusal;
use crate::words::{channel, commit_id, cursor, event, event_id, key, pattern, scopes, source};
use bytes::Bytes;
use eventweir::{
    ChannelName, Commit, CursorExpect, CursorMove, CursorName, CursorTarget, Direction, Effect, Epoch,
    ErrorKind, Expect, Headers, NewEvent, Position, ReadQuery, Receipt, RecordChange, RecordExpect,
    RecordKey, Retention, Scope, Selector, Sequence, Start, Timestamp,
};
use futures_util::poll;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

/// What all clients of a script share. None of it is held during a call.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) clock: Clock,
    pub(super) epoch: Epoch,
    /// Events are published and trimmed at one moment.
    pub(super) now: Timestamp,
    /// The commits made so far, for those who make one again.
    made: Arc<Mutex<Vec<Arc<Commit>>>>,
}

impl Common {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self { clock: Clock::default(), epoch, now: Timestamp::now(), made: Arc::default() }
    }
}

#[derive(Debug)]
pub(super) struct Client {
    pub(super) number: usize,
    pub(super) phase: usize,
    pub(super) calls: Vec<Call>,
    common: Common,
    seen: Seen,
    /// The query with which its own reader reads on.
    follows: ReadQuery,
    /// Commits that were dropped, and are made again.
    dropped: Vec<Arc<Commit>>,
    /// How many commits it made.
    count: usize,
}

/// What a client saw last, which may long have changed.
#[derive(Debug, Default)]
struct Seen {
    head: Sequence,
    channels: HashMap<ChannelName, Sequence>,
    cursors: HashMap<CursorName, Option<Sequence>>,
    records: HashMap<RecordKey, Option<u64>>,
}

impl Client {
    pub(super) fn new(number: usize, common: Common) -> Self {
        let follows = ReadQuery::new(own_selection(number), Start::Earliest);
        let (calls, dropped) = (Vec::new(), Vec::new());
        Self { number, phase: 0, calls, common, seen: Seen::default(), follows, dropped, count: 0 }
    }

    /// Makes the steps of a phase, and finds out what came of what it dropped.
    pub(super) async fn perform(&mut self, store: &StreamClient, steps: &[Step]) -> Result<(), Failure> {
        for step in steps {
            self.step(store, step).await?;
            // Lets others in, on a machine of few cores.
            tokio::task::yield_now().await;
        }
        for commit in std::mem::take(&mut self.dropped) {
            self.commit(store, commit, None).await?;
        }
        Ok(())
    }

    async fn step(&mut self, store: &StreamClient, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Commit(step) => {
                let commit = Arc::new(self.make(step));
                self.common.made.lock().push(commit.clone());
                self.commit(store, commit, step.dropped_after).await
            }
            Step::Retry(back) => match self.made_before(*back) {
                Some(commit) => self.commit(store, commit, None).await,
                None => Ok(()),
            },
            Step::Read(step) => self.read(store, self.query(step), false).await.map(drop),
            Step::Follow { limit } => self.follow(store, *limit).await.map(drop),
            Step::Bounds => self.bounds(store).await,
            Step::Cursor(number) => self.cursor(store, cursor(&format!("c{number}"))).await,
            Step::Record(number) => self.record(store, key(&format!("r{number}"))).await,
            Step::Race => self.race(store).await,
            Step::Trim(keep) => self.trim(store, *keep).await,
            Step::Delete(_) | Step::Reopen | Step::Rest => Ok(()),
        }
    }

    /// Writes a call down that began at `invoked` and is over now.
    fn note(&mut self, invoked: u64, made: Made) {
        let returned = self.common.clock.look();
        self.calls.push(Call { client: Some(self.number), phase: self.phase, invoked, returned, made });
    }

    async fn commit(
        &mut self,
        store: &StreamClient,
        commit: Arc<Commit>,
        dropped_after: Option<usize>,
    ) -> Result<(), Failure> {
        let invoked = self.common.clock.look();
        let answer = match dropped_after {
            None => Some(store.try_commit(&commit).await),
            Some(polls) => ask_and_drop(store, &commit, polls).await,
        };
        let came = match answer {
            Some(Ok(receipt)) => Came::Receipt(receipt),
            Some(Err(error)) if error.effect() == Effect::NotApplied => Came::Refused(error),
            Some(Err(error)) if !error.is_retryable() => {
                // Who says what is wrong with a commit knows that it did not happen.
                check_refusal(&[ErrorKind::Conflict, ErrorKind::InvalidInput], &error)?;
                Came::Unknown
            }
            Some(Err(_)) => Came::Unknown,
            None => {
                self.dropped.push(commit.clone());
                let (client, phase) = (Some(self.number), self.phase);
                let made = Made::Commit(commit, Came::Unknown);
                self.calls.push(Call { client, phase, invoked, returned: u64::MAX, made });
                return Ok(());
            }
        };
        let refused = matches!(&came, Came::Refused(error) if error.kind() == ErrorKind::Conflict);
        if let Came::Receipt(receipt) = &came {
            self.learn(&commit, receipt);
        }
        self.note(invoked, Made::Commit(commit.clone(), came));
        if refused { self.look_again(store, &commit).await } else { Ok(()) }
    }

    /// Remembers what a receipt says.
    fn learn(&mut self, commit: &Commit, receipt: &Receipt) {
        let seen = &mut self.seen;
        seen.head = seen.head.max(receipt.head);
        if receipt.repeated {
            return;
        }
        for (new, placed) in commit.append.iter().zip(&receipt.events) {
            let last = seen.channels.entry(new.channel.clone()).or_default();
            *last = placed.sequence.max(*last);
        }
        for change in &commit.cursors {
            let to = match change.to {
                CursorTarget::To(to) => Some(to),
                CursorTarget::Removed => None,
            };
            seen.cursors.insert(change.name.clone(), to);
        }
        for change in &commit.records {
            let version = match change.expect {
                RecordExpect::Version(version) => Some(version + 1),
                RecordExpect::Absent => Some(1),
                RecordExpect::Any => continue,
            };
            seen.records.insert(change.key.clone(), version.filter(|_| change.value.is_some()));
        }
    }

    /// Looks at what has changed, as one does who was refused.
    async fn look_again(&mut self, store: &StreamClient, commit: &Commit) -> Result<(), Failure> {
        self.bounds(store).await?;
        for change in &commit.cursors {
            self.cursor(store, change.name.clone()).await?;
        }
        for change in &commit.records {
            self.record(store, change.key.clone()).await?;
        }
        Ok(())
    }

    /// Makes the commit of a step, of what was seen.
    fn make(&mut self, step: &CommitStep) -> Commit {
        self.count += 1;
        let name = format!("{}.{}", self.number + 1, self.count);
        // A commit that moves something has an event of its own: that gives it a place in the log.
        let moves = step.cursor.is_some() || step.record.is_some();
        let events = step.events.iter().enumerate().map(|(number, step)| match step.known {
            Some(known) if !moves || number > 0 => self.known_event(known),
            _ => self.new_event(format!("{name}.{number}"), step.channel, step.source),
        });
        let mut commit = Commit::append(events);
        if step.id || step.dropped_after.is_some() {
            commit.id = Some(commit_id(&name));
        }
        commit.expect = self.expect(&step.expect);
        commit.cursors = step.cursor.iter().map(|(number, step)| self.cursor_move(*number, *step)).collect();
        commit.records =
            step.record.iter().map(|(number, step)| self.record_change(*number, *step, &name)).collect();
        commit
    }

    /// An event that is the same whoever publishes it.
    fn known_event(&self, known: usize) -> NewEvent {
        let name = KNOWN[known];
        self.new_event(name.to_owned(), known, None).with_id(event_id(name))
    }

    fn new_event(&self, name: String, place: usize, by: Option<usize>) -> NewEvent {
        let mut new = event(CHANNELS[place], name);
        new.time = self.common.now;
        new.source = by.map(|number| source(SOURCES[number]));
        if by.is_some() {
            new.headers = Headers::new([("trace", "ä")]).unwrap_or_default();
        }
        new
    }

    fn expect(&self, step: &ExpectStep) -> Expect {
        let off = |seen: Sequence, off| match off {
            Off::Exactly => seen,
            Off::OneBelow => seen.previous(),
            Off::OneAbove => seen.next(),
        };
        match step {
            ExpectStep::Any => Expect::Any,
            ExpectStep::Head(by) => Expect::Head(off(self.seen.head, *by)),
            ExpectStep::ChannelHead(number, by) => {
                let channel = channel(CHANNELS[*number]);
                let seen = self.seen.channels.get(&channel).copied().unwrap_or_default();
                Expect::ChannelHead(channel, off(seen, *by))
            }
        }
    }

    fn cursor_move(&self, number: usize, step: CursorStep) -> CursorMove {
        let name = cursor(&format!("c{number}"));
        let head = self.seen.head.get();
        let mut change = match step {
            CursorStep::Advance(by) => {
                let at = self.seen.cursors.get(&name).copied().flatten();
                // Sometimes beyond the head: then it is refused.
                let to = at.unwrap_or_default().plus(by);
                let expect = at.map_or(CursorExpect::Absent, CursorExpect::At);
                CursorMove::new(name, expect, CursorTarget::To(to))
            }
            CursorStep::Force(below) => {
                CursorMove::force(name, Sequence::ZERO.plus(head.saturating_sub(below)))
            }
            CursorStep::Back => {
                let at = self.seen.cursors.get(&name).copied().flatten().unwrap_or_default();
                CursorMove::advance(name, at, at.previous())
            }
            CursorStep::Remove => CursorMove::remove(name),
        };
        change.time = self.common.now;
        change
    }

    fn record_change(&self, number: usize, step: RecordStep, value: &str) -> RecordChange {
        let key = key(&format!("r{number}"));
        let seen = self.seen.records.get(&key).copied().flatten();
        let as_seen = seen.map_or(RecordExpect::Absent, RecordExpect::Version);
        let value = Some(Bytes::from(value.to_owned()));
        match step {
            RecordStep::Any => {
                RecordChange { key, expect: RecordExpect::Any, value: Some(Bytes::from_static(b"the same")) }
            }
            RecordStep::AsSeen => RecordChange { key, expect: as_seen, value },
            RecordStep::Remove => RecordChange { key, expect: as_seen, value: None },
        }
    }

    /// Returns a commit that may be made again: one with an id, or one of which only the events matter.
    fn made_before(&self, back: usize) -> Option<Arc<Commit>> {
        let made = self.common.made.lock();
        let again = |commit: &&Arc<Commit>| commit.id.is_some() || !commit.needs_id();
        made.iter().rev().filter(again).nth(back).cloned()
    }

    /// Moves the cursor and the record that everyone wants to move, together and without an event.
    async fn race(&mut self, store: &StreamClient) -> Result<(), Failure> {
        let (name, key) = (cursor(RACE), key(RACE));
        let at = self.seen.cursors.get(&name).copied().flatten();
        let version = self.seen.records.get(&key).copied().flatten();
        self.count += 1;
        let value = format!("{}.{}", self.number + 1, self.count);
        let mut change = CursorMove::new(
            name,
            at.map_or(CursorExpect::Absent, CursorExpect::At),
            CursorTarget::To(self.seen.head.max(at.unwrap_or_default())),
        );
        change.time = self.common.now;
        let record = RecordChange {
            key,
            expect: version.map_or(RecordExpect::Absent, RecordExpect::Version),
            value: Some(Bytes::from(value)),
        };
        let commit = Commit::new().with_cursor(change).with_record(record);
        self.commit(store, Arc::new(commit), None).await
    }

    fn query(&self, step: &ReadStep) -> ReadQuery {
        let place = |below: u64| Sequence::ZERO.plus(self.seen.head.get().saturating_sub(below));
        let start = match step.start {
            StartStep::Earliest => Start::Earliest,
            StartStep::Latest => Start::Latest,
            StartStep::After(below) => Start::After(place(below)),
            StartStep::At(below) => Start::At(Position::new(self.common.epoch, place(below))),
            StartStep::OtherEpoch(below) => {
                Start::At(Position::new(other_epoch(self.common.epoch), place(below)))
            }
        };
        let mut query = ReadQuery::new(step.selector.selector(), start).with_limit(step.limit);
        query.until = step.until.map(place);
        if step.newest_first {
            query.direction = Direction::Descending;
        }
        query
    }

    async fn read(
        &mut self,
        store: &StreamClient,
        query: ReadQuery,
        followed: bool,
    ) -> Result<bool, Failure> {
        let invoked = self.common.clock.look();
        let page = store.read(&query).await?;
        self.seen.head = self.seen.head.max(page.bounds.head);
        for event in &page.events {
            let last = self.seen.channels.entry(event.channel.clone()).or_default();
            *last = event.sequence.max(*last);
        }
        if followed {
            resume(&mut self.follows, &page);
        }
        let more = page.more;
        let looked = Looked { query: Box::new(query), page: Box::new(page), followed };
        self.note(invoked, Made::Read(looked));
        Ok(more)
    }

    async fn follow(&mut self, store: &StreamClient, limit: usize) -> Result<bool, Failure> {
        let query = self.follows.clone().with_limit(limit);
        self.read(store, query, true).await
    }

    /// Reads on until nothing is left.
    pub(super) async fn follow_to_the_end(&mut self, store: &StreamClient) -> Result<(), Failure> {
        for _ in 0..MOST_PAGES {
            if !self.follow(store, usize::MAX).await? {
                return Ok(());
            }
        }
        Err(Failure::new(format!("a reader has not come to the end after {MOST_PAGES} pages")))
    }

    async fn bounds(&mut self, store: &StreamClient) -> Result<(), Failure> {
        let invoked = self.common.clock.look();
        let bounds = store.bounds().await?;
        self.seen.head = self.seen.head.max(bounds.head);
        self.note(invoked, Made::Bounds(bounds));
        Ok(())
    }

    async fn cursor(&mut self, store: &StreamClient, name: CursorName) -> Result<(), Failure> {
        let invoked = self.common.clock.look();
        let found = store.storage.cursor(&store.stream, &name).await?;
        self.seen.cursors.insert(name.clone(), found.as_ref().map(|cursor| cursor.sequence));
        self.note(invoked, Made::Cursor(name, found));
        Ok(())
    }

    async fn record(&mut self, store: &StreamClient, key: RecordKey) -> Result<(), Failure> {
        let invoked = self.common.clock.look();
        let found = store.storage.record(&store.stream, &key).await?;
        self.seen.records.insert(key.clone(), found.as_ref().map(|record| record.version));
        self.note(invoked, Made::Record(key, found));
        Ok(())
    }

    async fn trim(&mut self, store: &StreamClient, keep: u64) -> Result<(), Failure> {
        let invoked = self.common.clock.look();
        let retention = Retention { max_events: Some(keep), ..Retention::FOREVER };
        let trimmed = store.storage.trim(&store.stream, &retention, self.common.now).await?;
        self.note(invoked, Made::Trim { keep, trimmed });
        Ok(())
    }
}

/// Asks a few times whether a commit is done, and drops it then.
async fn ask_and_drop(
    store: &StreamClient,
    commit: &Commit,
    polls: usize,
) -> Option<eventweir::Result<Receipt>> {
    let mut call = pin!(store.try_commit(commit));
    for _ in 0..polls {
        if let std::task::Poll::Ready(answer) = poll!(call.as_mut()) {
            return Some(answer);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// What a client's own reader selects: one of each kind.
pub(super) fn own_selection(number: usize) -> Selector {
    match number % 5 {
        0 => Selector::all(),
        1 => Selector::subtree(channel("/a")),
        2 => Selector::ancestors(channel("/a/b/c")),
        3 => Selector::all().except(source(SOURCES[0])),
        _ => scopes([Scope::Pattern(pattern("/*")), Scope::Exact(channel("/a/b"))]),
    }
}

/// No log of a script has as many events.
const MOST_PAGES: usize = 10_000;
/// The name of the cursor and of the record that everyone wants to move.
pub(super) const RACE: &str = "race";
