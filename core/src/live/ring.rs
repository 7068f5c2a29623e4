//! The newest events of a stream, in bounded memory.

use super::index::{Index, Key};
use super::tail::TailLimits;
use crate::{Bounds, Epoch, Event, Position, Selector, Sequence};
use std::collections::VecDeque;
use std::sync::Arc;

/// Holds every retained event above `floor` up to `head`, and the index over them.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) epoch: Epoch,
    /// The oldest retained sequence, as far as known.
    pub(super) first: Sequence,
    floor: Sequence,
    pub(super) head: Sequence,
    /// The deletions that are known: no event that one of them removed is here.
    pub(super) deletions: u64,
    pub(super) index: Index,
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    limits: TailLimits,
}

/// Holds what a selection found in the ring.
pub(super) struct Found {
    pub(super) events: Vec<Arc<Event>>,
    pub(super) through: Sequence,
    pub(super) more: bool,
}

impl Ring {
    /// Makes an empty ring of a stream that is at `bounds`.
    pub(super) fn new(bounds: Bounds, limits: TailLimits) -> Self {
        Self {
            epoch: bounds.epoch,
            first: bounds.first,
            floor: bounds.head,
            head: bounds.head,
            deletions: bounds.deletions,
            index: Index::new(bounds.head, limits.max_keys),
            events: VecDeque::new(),
            bytes: 0,
            limits,
        }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            epoch: self.epoch,
            first: self.first.min(self.head.next()),
            head: self.head,
            deletions: self.deletions,
        }
    }

    /// Appends the event after the head; sequences between, which are gone already, are passed over.
    pub(super) fn push(&mut self, event: Arc<Event>) {
        self.head = event.sequence;
        self.index.push(&event.channel, event.sequence);
        // The wire forms that readers will want are counted before they are made: JSON and frame, each about the data again.
        self.bytes += weight(&event);
        self.events.push_back(event);
        while self.events.len() > self.limits.max_events || self.bytes > self.limits.max_bytes {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(event) = self.events.pop_front() {
            self.bytes -= weight(&event);
            self.floor = event.sequence;
            self.index.pop(&event.channel, event.sequence);
        }
    }

    /// Lets go of what retention removed.
    pub(super) fn trimmed(&mut self, bounds: &Bounds) {
        self.first = bounds.first;
        while self.events.front().is_some_and(|event| event.sequence < bounds.first) {
            self.pop();
        }
        self.floor = self.floor.max(bounds.first.previous()).min(self.head);
    }

    /// Lets go of all events and goes on from `bounds`. What commits of this node brought since is further, and stays passed.
    ///
    /// A commit on its way here that is at or below the head is passed over from then on, since a deletion may have removed it.
    pub(super) fn let_go(&mut self, bounds: Bounds) {
        if bounds.epoch != self.epoch || bounds.head > self.head {
            *self = Self::new(bounds, self.limits);
        } else {
            self.first = bounds.first;
            self.deletions = self.deletions.max(bounds.deletions);
            self.clear();
        }
    }

    /// Lets go of all events, so that every reader that is behind asks the store. The index keeps what it knows of the past.
    pub(super) fn clear(&mut self) {
        while !self.events.is_empty() {
            self.pop();
        }
        self.floor = self.head;
    }

    /// Returns the sequence above which every event of these keys is here.
    pub(super) fn complete_after(&self, keys: &[Key]) -> Sequence {
        self.index.complete_after(keys, self.floor)
    }

    /// Collects selected events above `after`, where all of them are here: a bounded number, looked up by the index.
    pub(super) fn collect(
        &self,
        selector: &Selector,
        keys: &[Key],
        after: Sequence,
        most: usize,
        most_bytes: usize,
    ) -> Found {
        let mut found = Found { events: Vec::new(), through: self.head.max(after), more: false };
        let (candidates, cut) = self.candidates(keys, after, most.saturating_mul(4).max(64));
        if let Some(cut) = cut {
            (found.through, found.more) = (cut, true);
        }
        let mut bytes = 0;
        for event in candidates {
            if found.events.len() >= most || bytes >= most_bytes {
                (found.through, found.more) = (event.sequence.previous(), true);
                break;
            }
            if selector.matches(event) {
                bytes += event.data.len() + event.headers.bytes();
                found.events.push(event.clone());
            }
        }
        found
    }

    /// Lists at most `most` events of the keys above `after`, in order; and where the list was cut, if it was.
    fn candidates(&self, keys: &[Key], after: Sequence, most: usize) -> (Vec<&Arc<Event>>, Option<Sequence>) {
        let mut sequences: Vec<Sequence> = Vec::new();
        for key in keys {
            match self.index.recent(key, after) {
                Some(recent) => sequences.extend(recent.take(most + 1)),
                None => {
                    let from = self.place_after(after);
                    let all: Vec<_> = self.events.range(from..).take(most + 1).collect();
                    let cut = (all.len() > most).then(|| all[most].sequence.previous());
                    return (all.into_iter().take(most).collect(), cut);
                }
            }
        }
        if keys.len() > 1 {
            sequences.sort_unstable();
            sequences.dedup();
        }
        let cut = sequences.get(most).map(|next| next.previous());
        sequences.truncate(most);
        (sequences.into_iter().filter_map(|sequence| self.event(sequence)).collect(), cut)
    }

    /// Lists the events after a position, and where the ring is now; `None` when they are more than `most` or some of them have
    /// left the ring already.
    pub(super) fn since(&self, position: Position, most: usize) -> (Option<Vec<Arc<Event>>>, Position) {
        let head = Position::new(self.epoch, self.head);
        let few = self.head.get().saturating_sub(position.sequence.get()) <= most as u64;
        let here = few && position.epoch == self.epoch && position.sequence >= self.floor;
        let events =
            here.then(|| self.events.range(self.place_after(position.sequence)..).cloned().collect());
        (events, head)
    }

    fn place_after(&self, after: Sequence) -> usize {
        self.events.partition_point(|event| event.sequence <= after)
    }

    fn event(&self, sequence: Sequence) -> Option<&Arc<Event>> {
        // Without holes the place is known; deletion makes holes, and then it is searched.
        let first = self.events.front()?.sequence;
        let guess = usize::try_from(sequence.get().checked_sub(first.get())?).ok()?;
        match self.events.get(guess) {
            Some(event) if event.sequence == sequence => Some(event),
            _ => self
                .events
                .get(self.place_after(sequence.previous()))
                .filter(|event| event.sequence == sequence),
        }
    }
}

/// Weighs an event by what it does not change: its data, three times for the wire forms to come.
fn weight(event: &Event) -> usize {
    size_of::<Event>()
        + 3 * (event.data.len() + event.headers.bytes() + 2 * event.channel.as_str().len())
        + 256
}
