//! What a stream should be: a list of all events ever, and full scans of it. Slow, and plainly right.
//!
//! It shares no decision with any driver, nor with the helpers of core that drivers use, so that a defect in those is
//! found too.

mod commit;
pub(crate) mod select;

use eventweir::{
    ChannelInfo, ChannelName, CommitId, Cursor, Event, Record, RecordKey, Retention, Selector, Sequence,
    Timestamp,
};

/// One stream.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// The event of sequence n stands at n - 1.
    events: Vec<Held>,
    pub(crate) cursors: Vec<Cursor>,
    pub(crate) records: Vec<(RecordKey, Record)>,
    commits: Vec<(CommitId, Acknowledged)>,
    /// Whether repeated ids are recognised.
    remembers: bool,
}

/// An event, and whether retention or a deletion removed it.
#[derive(Clone, Debug)]
struct Held {
    event: Event,
    removed: bool,
}

/// What a receipt should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) head: Sequence,
    /// Sequence, and whether the id was known.
    pub(crate) events: Vec<(Sequence, bool)>,
    pub(crate) repeated: bool,
}

impl Model {
    /// Makes an empty stream, which recognises repeated ids or does not.
    pub(crate) fn new(remembers: bool) -> Self {
        Self { events: Vec::new(), cursors: Vec::new(), records: Vec::new(), commits: Vec::new(), remembers }
    }

    pub(crate) fn head(&self) -> Sequence {
        Sequence::ZERO.plus(self.events.len() as u64)
    }

    /// The oldest retained event's sequence; one above the head when there is none.
    pub(crate) fn first(&self) -> Sequence {
        self.retained().next().map_or(self.head().next(), |event| event.sequence)
    }

    pub(crate) fn retained(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter().filter(|held| !held.removed).map(|held| &held.event)
    }

    /// Lists what is selected, oldest first.
    pub(crate) fn selected(&self, selector: &Selector, after: Sequence, until: Sequence) -> Vec<&Event> {
        let within = |event: &&Event| event.sequence > after && event.sequence <= until;
        self.retained().filter(within).filter(|event| select::means(selector, event)).collect()
    }

    /// Returns the greatest removed sequence that a selector means.
    pub(crate) fn removed_to(&self, selector: &Selector) -> Option<Sequence> {
        let gone = self.events.iter().filter(|held| held.removed).map(|held| &held.event);
        gone.filter(|event| select::means(selector, event)).map(|event| event.sequence).last()
    }

    /// Returns the last sequence of a channel. `None` when all its events are gone: a store may forget the channel then.
    pub(crate) fn channel_head(&self, channel: &ChannelName) -> Option<Sequence> {
        let mut ever = self.events.iter().filter(|held| held.event.channel == *channel).peekable();
        if ever.peek().is_none() {
            return Some(Sequence::ZERO);
        }
        ever.filter(|held| !held.removed).map(|held| held.event.sequence).last()
    }

    pub(crate) fn cursor(&self, name: &eventweir::CursorName) -> Option<&Cursor> {
        self.cursors.iter().find(|cursor| cursor.name == *name)
    }

    pub(crate) fn record(&self, key: &RecordKey) -> Option<&Record> {
        self.records.iter().find(|(known, _)| known == key).map(|(_, record)| record)
    }

    /// Removes the oldest events, one by one, until the retention holds. Returns how many went.
    pub(crate) fn trim(&mut self, retention: &Retention, now: Timestamp) -> u64 {
        let mut removed = 0;
        while self.is_beyond(retention, now) {
            let Some(oldest) = self.events.iter_mut().find(|held| !held.removed) else { break };
            oldest.removed = true;
            removed += 1;
        }
        removed
    }

    fn is_beyond(&self, retention: &Retention, now: Timestamp) -> bool {
        let Some(oldest) = self.retained().next() else { return false };
        let count = self.retained().count() as u64;
        retention.max_events.is_some_and(|most| count > most)
            || retention.max_bytes.is_some_and(|most| self.bytes() > most)
            || retention.max_age.is_some_and(|age| now.since(oldest.time) > age)
    }

    /// Removes a channel's events. Returns how many went.
    pub(crate) fn delete_channel(&mut self, channel: &ChannelName) -> u64 {
        let mut removed = 0;
        for held in self.events.iter_mut().filter(|held| !held.removed && held.event.channel == *channel) {
            held.removed = true;
            removed += 1;
        }
        removed
    }

    /// Removes events.
    pub(crate) fn remove(&mut self, gone: impl Fn(&Event) -> bool) {
        for held in self.events.iter_mut().filter(|held| gone(&held.event)) {
            held.removed = true;
        }
    }

    /// Counts bytes of data and headers of what is retained.
    pub(crate) fn bytes(&self) -> u64 {
        self.retained().map(|event| size(event) as u64).sum()
    }

    /// Lists the channels that have retained events, by name.
    pub(crate) fn channels(&self, selector: &Selector) -> Vec<ChannelInfo> {
        let mut list: Vec<ChannelInfo> = Vec::new();
        for event in self.retained().filter(|event| select::means_channel(selector, event.channel.as_str())) {
            match list.iter_mut().find(|info| info.name == event.channel) {
                Some(info) => {
                    info.events += 1;
                    info.last = event.sequence;
                }
                None => list.push(ChannelInfo {
                    name: event.channel.clone(),
                    events: 1,
                    first: event.sequence,
                    last: event.sequence,
                }),
            }
        }
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list
    }
}

/// What an event counts as, in limits and usage.
pub(crate) fn size(event: &Event) -> usize {
    event.data.len() + event.headers.bytes()
}
