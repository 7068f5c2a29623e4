//! The channel index of a tail: for each channel and each subtree, its recent sequences and the last one.

use crate::{ChannelName, Scope, Selector, Sequence};
use std::collections::{HashMap, VecDeque};

/// Answers "where are the recent events of this selection, and is there anything after n?" without looking at events.
///
/// A key that is not here has no event above `floor`. That makes the index exact from the day the tail started, lets it learn
/// the rest one key at a time, and lets it forget.
#[derive(Debug)]
pub(super) struct Index {
    exact: HashMap<ChannelName, Entry>,
    subtree: HashMap<Box<str>, Entry>,
    floor: Sequence,
    last: Sequence,
    most_keys: usize,
}

#[derive(Debug)]
struct Entry {
    /// No event of this key is above it.
    last: Sequence,
    /// Every event of this key above it is in `recent`.
    gone: Sequence,
    /// The sequences of the events that the ring holds, rising.
    recent: VecDeque<Sequence>,
}

/// Names what a scope looks up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Exact(ChannelName),
    /// Without a slash at its end; empty for everything.
    Subtree(Box<str>),
}

impl Key {
    /// Lists the keys of a selector: together they cover it, and may cover more.
    pub(super) fn of(selector: &Selector) -> Vec<Self> {
        let mut keys = Vec::new();
        for scope in selector.scopes() {
            match scope {
                Scope::Exact(name) => keys.push(Self::Exact(name.clone())),
                Scope::Ancestors(name) => {
                    keys.push(Self::Exact(name.clone()));
                    keys.extend(name.ancestors().map(Self::Exact));
                }
                Scope::Subtree(name) => keys.push(Self::Subtree(name.as_str().into())),
                Scope::Pattern(pattern) => keys.push(Self::Subtree(pattern.literal_prefix().into())),
            }
        }
        keys
    }
}

/// Lists the subtrees that a channel is in, its own first, without that of everything.
pub(super) fn subtrees(channel: &str) -> impl Iterator<Item = &str> {
    let cuts = channel.rmatch_indices('/').map(|(at, _)| &channel[..at]).filter(|path| !path.is_empty());
    std::iter::once(channel).chain(cuts)
}

impl Index {
    /// Makes an index of a log whose events up to `floor` are not known.
    pub(super) fn new(floor: Sequence, most_keys: usize) -> Self {
        Self { exact: HashMap::new(), subtree: HashMap::new(), floor, last: floor, most_keys }
    }

    pub(super) fn push(&mut self, channel: &ChannelName, sequence: Sequence) {
        if self.exact.len() + self.subtree.len() >= self.most_keys {
            self.forget_the_quiet();
        }
        self.last = sequence;
        let floor = self.floor;
        match self.exact.get_mut(channel) {
            Some(entry) => entry.push(sequence),
            None => self.exact.entry(channel.clone()).or_insert_with(|| Entry::quiet(floor)).push(sequence),
        }
        for path in subtrees(channel.as_str()) {
            match self.subtree.get_mut(path) {
                Some(entry) => entry.push(sequence),
                None => self.subtree.entry(path.into()).or_insert_with(|| Entry::quiet(floor)).push(sequence),
            }
        }
    }

    /// Drops a sequence that leaves the ring, the lowest of all.
    pub(super) fn pop(&mut self, channel: &ChannelName, sequence: Sequence) {
        if let Some(entry) = self.exact.get_mut(channel) {
            entry.pop(sequence);
        }
        for path in subtrees(channel.as_str()) {
            if let Some(entry) = self.subtree.get_mut(path) {
                entry.pop(sequence);
            }
        }
    }

    /// Returns the greatest sequence that an event of these keys can have.
    pub(super) fn last(&self, keys: &[Key]) -> Sequence {
        keys.iter().map(|key| self.last_of(key)).max().unwrap_or(Sequence::ZERO)
    }

    /// Returns the sequence above which `recent` has every event of these keys: a selection that is quiet is complete far
    /// beyond what the ring holds. `ring` is where the ring itself begins.
    pub(super) fn complete_after(&self, keys: &[Key], ring: Sequence) -> Sequence {
        let complete = |key: &Key| match key {
            Key::Subtree(path) if path.is_empty() => ring,
            _ => self.entry(key).map_or(self.floor, |entry| entry.gone),
        };
        keys.iter().map(complete).max().unwrap_or(ring)
    }

    fn last_of(&self, key: &Key) -> Sequence {
        match key {
            Key::Subtree(path) if path.is_empty() => self.last,
            _ => self.entry(key).map_or(self.floor, |entry| entry.last),
        }
    }

    fn entry(&self, key: &Key) -> Option<&Entry> {
        match key {
            Key::Exact(name) => self.exact.get(name),
            Key::Subtree(path) => self.subtree.get(path),
        }
    }

    /// Lists the recent sequences above `after` of a key, rising; `None` when the key means everything.
    pub(super) fn recent(&self, key: &Key, after: Sequence) -> Option<impl Iterator<Item = Sequence>> {
        if matches!(key, Key::Subtree(path) if path.is_empty()) {
            return None;
        }
        let range = self.entry(key).map(|entry| {
            let from = entry.recent.partition_point(|sequence| *sequence <= after);
            entry.recent.range(from..)
        });
        Some(range.into_iter().flatten().copied())
    }

    /// Learns from a read that no event of a key is above `after`, as of a head that the index has reached.
    pub(super) fn learn_quiet(&mut self, key: &Key, after: Sequence, as_of: Sequence) {
        // Keys forgotten since the read could hide an event between its head and the floor.
        if as_of < self.floor || self.exact.len() + self.subtree.len() >= self.most_keys {
            return;
        }
        let entry = match key {
            Key::Exact(name) => self.exact.entry(name.clone()).or_insert_with(|| Entry::quiet(after)),
            Key::Subtree(path) if path.is_empty() => return,
            Key::Subtree(path) => self.subtree.entry(path.clone()).or_insert_with(|| Entry::quiet(after)),
        };
        if entry.recent.is_empty() && entry.last <= as_of {
            *entry = Entry::quiet(entry.last.min(after));
        }
    }

    /// Forgets the keys without recent events; from then on every unknown key may have events up to the greatest of theirs.
    fn forget_the_quiet(&mut self) {
        let mut floor = self.floor;
        let mut keep = |entry: &Entry| {
            let busy = !entry.recent.is_empty();
            if !busy {
                floor = floor.max(entry.last);
            }
            busy
        };
        self.exact.retain(|_, entry| keep(entry));
        self.subtree.retain(|_, entry| keep(entry));
        self.floor = floor;
    }
}

impl Entry {
    fn quiet(last: Sequence) -> Self {
        Self { last, gone: last, recent: VecDeque::new() }
    }

    fn push(&mut self, sequence: Sequence) {
        self.last = sequence;
        self.recent.push_back(sequence);
    }

    fn pop(&mut self, sequence: Sequence) {
        if self.recent.front() == Some(&sequence) {
            self.recent.pop_front();
            self.gone = sequence;
        }
        if self.recent.is_empty() {
            // A burst's buffer is given back once the burst has left the ring.
            self.recent = VecDeque::new();
        }
    }
}
