//! One stream, as plainly as the contract can be said. Every law of `Storage` is a few lines here.

use crate::room::{self, OVERHEAD};
use eventweir::{
    Appended, Bounds, ChannelName, Commit, CommitId, Cursor, CursorName, Direction, Epoch, Error, ErrorKind,
    Event, EventId, Expect, Gap, Headers, Page, ReadQuery, Receipt, Record, RecordChange, RecordKey, Result,
    Retention, Selector, Sequence, Timestamp, Trimmed,
};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A trim removes at most this many events, so that it never holds the lock for long.
const TRIM_STEP: u64 = 10_000;
/// A read looks at no more than this many events that it does not return.
const READ_STEP: usize = 100_000;

#[derive(Debug)]
pub(crate) struct Log {
    epoch: Epoch,
    head: Sequence,
    /// How often events were deleted.
    deletions: u64,
    /// Retained events. Sequences are without holes when given out; deletion makes holes here.
    pub(crate) events: BTreeMap<Sequence, Arc<Event>>,
    bytes: u64,
    /// Each channel that has or had events.
    pub(crate) channels: BTreeMap<ChannelName, Channel>,
    /// Known event ids, those of removed events too until their window ends.
    ids: HashMap<EventId, Sequence>,
    /// Ids of removed events, by when they were removed.
    fading_ids: VecDeque<(Timestamp, EventId)>,
    /// Known commit ids, until their window ends.
    commits: HashMap<CommitId, Receipt>,
    /// Commit ids, by when they were used.
    fading_commits: VecDeque<(Timestamp, CommitId)>,
    pub(crate) cursors: BTreeMap<CursorName, Cursor>,
    records: BTreeMap<RecordKey, Record>,
    record_bytes: u64,
}

/// What is known of a channel. It stays when its events go, so that a reader is told of exactly what it missed.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    /// Sequences of its retained events, rising.
    pub(crate) retained: VecDeque<Sequence>,
    /// The last event ever published to it.
    last: Sequence,
    /// The greatest sequence that was removed from it.
    removed_to: Sequence,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Epoch::random(),
            head: Sequence::ZERO,
            deletions: 0,
            events: BTreeMap::new(),
            bytes: 0,
            channels: BTreeMap::new(),
            ids: HashMap::new(),
            fading_ids: VecDeque::new(),
            commits: HashMap::new(),
            fading_commits: VecDeque::new(),
            cursors: BTreeMap::new(),
            records: BTreeMap::new(),
            record_bytes: 0,
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        let first = self.events.first_key_value().map_or(self.head.next(), |(first, _)| *first);
        Bounds { epoch: self.epoch, first, head: self.head, deletions: self.deletions }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Counts what takes room, as [`MemoryStorage::with_max_bytes`](crate::MemoryStorage::with_max_bytes) says. An event's id counts with
    /// it, and by itself once the event is gone.
    pub(crate) fn weight(&self) -> u64 {
        let things = self.events.len()
            + self.fading_ids.len()
            + self.commits.len()
            + self.channels.len()
            + self.cursors.len()
            + self.records.len();
        self.bytes + self.record_bytes + OVERHEAD * things as u64
    }

    /// Counts what a commit would take at most.
    fn need(&self, commit: &Commit, events: &[Appended]) -> u64 {
        let fresh = commit.append.iter().zip(events).filter(|(_, placed)| !placed.duplicate);
        // Its channel may be new.
        let events: u64 = fresh.map(|(new, _)| size(&new.data, &new.headers) + 2 * OVERHEAD).sum();
        let cursors = commit.cursors.iter().filter(|change| !self.cursors.contains_key(&change.name)).count();
        let records: u64 = commit.records.iter().map(|change| self.record_growth(change)).sum();
        events + records + OVERHEAD * (cursors as u64 + u64::from(commit.id.is_some()))
    }

    fn record_growth(&self, change: &RecordChange) -> u64 {
        let Some(value) = &change.value else { return 0 };
        match self.records.get(&change.key) {
            Some(record) => (value.len() as u64).saturating_sub(record.value.len() as u64),
            None => value.len() as u64 + OVERHEAD,
        }
    }

    pub(crate) fn cursor(&self, name: &CursorName) -> Option<Cursor> {
        self.cursors.get(name).cloned()
    }

    pub(crate) fn record(&self, key: &RecordKey) -> Option<Record> {
        self.records.get(key).cloned()
    }

    /// Decides everything first and changes afterwards, so that an error leaves nothing behind (law *atomic*).
    ///
    /// `room` is how much more may be kept.
    pub(crate) fn commit(&mut self, commit: &Commit, now: Timestamp, room: u64) -> Result<Receipt> {
        if let Some(first) = commit.id.as_ref().and_then(|id| self.commits.get(id)) {
            return Ok(Receipt { repeated: true, ..first.clone() });
        }
        commit.check()?;
        if !commit.jobs.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "the memory driver keeps no jobs"));
        }
        self.check_expectation(&commit.expect)?;
        let events = self.place(commit);
        let head = events.iter().map(|event| event.sequence).fold(self.head, Sequence::max);
        let cursors = commit
            .cursors
            .iter()
            .map(|change| change.decide(self.cursors.get(&change.name).map(|cursor| cursor.sequence), head))
            .collect::<Result<Vec<_>>>()?;
        let records = commit
            .records
            .iter()
            .map(|change| change.decide(self.records.get(&change.key).map(|record| record.version)))
            .collect::<Result<Vec<_>>>()?;
        if self.need(commit, &events) > room {
            return Err(room::full());
        }

        for (new, placed) in commit.append.iter().zip(&events).filter(|(_, placed)| !placed.duplicate) {
            self.append(Event::new(placed.sequence, new.clone()));
        }
        for (change, to) in commit.cursors.iter().zip(cursors) {
            match to {
                None => drop(self.cursors.remove(&change.name)),
                Some(sequence) => {
                    let cursor = Cursor { name: change.name.clone(), sequence, moved: change.time };
                    self.cursors.insert(change.name.clone(), cursor);
                }
            }
        }
        for (change, version) in commit.records.iter().zip(records) {
            let before = match (version, &change.value) {
                (Some(version), Some(value)) => {
                    self.record_bytes += value.len() as u64;
                    self.records.insert(change.key.clone(), Record { version, value: value.clone() })
                }
                _ => self.records.remove(&change.key),
            };
            self.record_bytes -= before.map_or(0, |record| record.value.len() as u64);
        }
        let receipt = Receipt { epoch: self.epoch, head: self.head, events, repeated: false };
        if let Some(id) = &commit.id {
            self.commits.insert(id.clone(), receipt.clone());
            self.fading_commits.push_back((now, id.clone()));
        }
        Ok(receipt)
    }

    fn check_expectation(&self, expect: &Expect) -> Result<()> {
        let (actual, expected) = match expect {
            Expect::Any => return Ok(()),
            Expect::Head(expected) => (self.head, *expected),
            Expect::ChannelHead(channel, expected) => {
                (self.channels.get(channel).map_or(Sequence::ZERO, |channel| channel.last), *expected)
            }
        };
        if actual == expected { Ok(()) } else { Err(expect.failed(actual)) }
    }

    /// Gives each event its sequence, or the first one of its id: known before, or earlier in this commit.
    fn place(&self, commit: &Commit) -> Vec<Appended> {
        let mut fresh: HashMap<&EventId, Sequence> = HashMap::new();
        let mut next = self.head.next();
        let mut placed = Vec::with_capacity(commit.append.len());
        for event in &commit.append {
            let known = self.ids.get(&event.id).or_else(|| fresh.get(&event.id)).copied();
            let sequence = known.unwrap_or(next);
            if known.is_none() {
                fresh.insert(&event.id, next);
                next = next.next();
            }
            placed.push(Appended { sequence, duplicate: known.is_some() });
        }
        placed
    }

    fn append(&mut self, event: Event) {
        self.head = event.sequence;
        self.bytes += size(&event.data, &event.headers);
        self.ids.insert(event.id.clone(), event.sequence);
        let channel = self.channels.entry(event.channel.clone()).or_default();
        channel.retained.push_back(event.sequence);
        channel.last = event.sequence;
        self.events.insert(event.sequence, Arc::new(event));
    }

    /// Takes a page. The lock is held, so it is one snapshot whatever the number of channels.
    pub(crate) fn read(&self, query: &ReadQuery) -> Page {
        let bounds = self.bounds();
        let (after, reset, tell) = query.start.resolve(&bounds);
        let until = query.until.map_or(self.head, |until| until.min(self.head));
        let mut page = Page {
            events: Vec::new(),
            through: if query.direction == Direction::Ascending { until.max(after) } else { after.next() },
            more: false,
            bounds,
            // Nothing beyond the head was ever removed, and a reader that is there asks often.
            gap: if tell && after < self.head { self.gap(&query.selector, after) } else { None },
            reset,
        };
        if after >= until {
            return page;
        }
        let mut candidates = self.candidates(query, after, until);
        if query.direction == Direction::Descending {
            candidates.reverse();
        }
        let (mut bytes, mut looked) = (0, 0);
        for sequence in candidates {
            let Some(event) = self.events.get(&sequence) else { continue };
            // The first event is returned whatever the limit of bytes is, or a reader would never get past it.
            let full = page.events.len() >= query.limit.max(1)
                || bytes >= query.max_bytes && !page.events.is_empty();
            if full || looked >= READ_STEP {
                // The page ends just before this event.
                page.more = true;
                page.through = if query.direction == Direction::Ascending {
                    sequence.previous()
                } else {
                    sequence.next()
                };
                break;
            }
            if query.selector.matches(event) {
                bytes += event.data.len() + event.headers.bytes();
                page.events.push(event.clone());
            } else {
                looked += 1;
            }
        }
        page
    }

    /// Lists sequences that may be meant: by the channels' own lists when they are few, else all.
    fn candidates(&self, query: &ReadQuery, after: Sequence, until: Sequence) -> Vec<Sequence> {
        let within = |sequence: &Sequence| *sequence > after && *sequence <= until;
        // Of each list no more is needed than could be returned or passed over.
        let most = query.limit.saturating_add(READ_STEP).saturating_add(1);
        let take = |all: &mut dyn DoubleEndedIterator<Item = Sequence>| match query.direction {
            Direction::Ascending => all.take(most).collect::<Vec<_>>(),
            Direction::Descending => {
                let mut newest: Vec<_> = all.rev().take(most).collect();
                newest.reverse();
                newest
            }
        };
        match query.selector.listed_channels() {
            None => take(&mut self.events.range(after.next()..=until).map(|(sequence, _)| *sequence)),
            Some(names) => {
                let mut merged = Vec::new();
                for channel in names.iter().filter_map(|name| self.channels.get(name)) {
                    let from = channel.retained.partition_point(|sequence| *sequence <= after);
                    let to = channel.retained.partition_point(|sequence| *sequence <= until);
                    merged.extend(take(&mut channel.retained.range(from..to).copied().filter(within)));
                }
                merged.sort_unstable();
                merged
            }
        }
    }

    /// Law *told*: a gap when something of the selected channels was removed beyond the start.
    fn gap(&self, selector: &Selector, after: Sequence) -> Option<Gap> {
        let removed_to = match selector.listed_channels() {
            Some(names) => {
                names.iter().filter_map(|name| self.channels.get(name)).map(|c| c.removed_to).max()
            }
            None => {
                let meant = |(name, _): &(&ChannelName, &Channel)| selector.matches_channel(name.as_str());
                self.channels.iter().filter(meant).map(|(_, channel)| channel.removed_to).max()
            }
        };
        removed_to.filter(|removed| *removed > after).map(|removed| Gap { after, resume_at: removed.next() })
    }

    /// Events expire by the caller's `now`, ids by the store's own.
    pub(crate) fn trim(
        &mut self,
        retention: &Retention,
        now: Timestamp,
        own_now: Timestamp,
        window: Duration,
    ) -> Trimmed {
        let cutoff = retention.cutoff(now);
        let mut removed = 0;
        while removed < TRIM_STEP && self.is_beyond(retention, cutoff) {
            let Some((_, event)) = self.events.pop_first() else { break };
            self.forget(&event, own_now);
            removed += 1;
        }
        self.forget_ids(own_now, window);
        let more = self.is_beyond(retention, cutoff);
        Trimmed { events: removed, bounds: self.bounds(), more }
    }

    /// Ids outlive their events by the promised window, by this store's clock.
    fn forget_ids(&mut self, now: Timestamp, window: Duration) {
        while let Some((_, id)) = self.fading_ids.pop_front_if(|(at, _)| now.since(*at) > window) {
            self.ids.remove(&id);
        }
        while let Some((_, id)) = self.fading_commits.pop_front_if(|(at, _)| now.since(*at) > window) {
            self.commits.remove(&id);
        }
    }

    fn is_beyond(&self, retention: &Retention, cutoff: Option<Timestamp>) -> bool {
        let Some((_, oldest)) = self.events.first_key_value() else { return false };
        retention.max_events.is_some_and(|most| self.events.len() as u64 > most)
            || retention.max_bytes.is_some_and(|most| self.bytes > most)
            || cutoff.is_some_and(|cutoff| oldest.time < cutoff)
    }

    /// Accounts for an event that was taken out of `events`.
    fn forget(&mut self, event: &Event, now: Timestamp) {
        self.bytes -= size(&event.data, &event.headers);
        self.fading_ids.push_back((now, event.id.clone()));
        if let Some(channel) = self.channels.get_mut(&event.channel) {
            channel.removed_to = channel.removed_to.max(event.sequence);
            channel.retained.pop_front();
        }
    }

    pub(crate) fn delete_channel(&mut self, name: &ChannelName, now: Timestamp) -> u64 {
        let Some(channel) = self.channels.get(name) else { return 0 };
        let gone: Vec<Sequence> = channel.retained.iter().copied().collect();
        for sequence in &gone {
            if let Some(event) = self.events.remove(sequence) {
                self.forget(&event, now);
            }
        }
        self.deletions += u64::from(!gone.is_empty());
        gone.len() as u64
    }
}

fn size(data: &[u8], headers: &Headers) -> u64 {
    (data.len() + headers.bytes()) as u64
}
