//! The part of the channel index that is in memory: the events that no run holds yet.

use crate::key::ChannelId;
use eventweir::Sequence;
use std::collections::HashMap;

type Lists = HashMap<ChannelId, Vec<Sequence>>;

/// Indexes a stream's newest events by channel.
///
/// What was written out stays until the next time, so that a reader whose snapshot is from before still finds it here. What is
/// being committed is put in before it is visible in the file; readers never look beyond the head of their snapshot.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// Everything after this is here.
    base: Sequence,
    /// Up to this, in `older`; after it, in `newer`.
    split: Sequence,
    older: Lists,
    newer: Lists,
    newer_events: usize,
    /// Where another process writes: what was read from the file so far.
    reach: Sequence,
}

impl Tail {
    pub(crate) fn after(indexed_to: Sequence) -> Self {
        Self { base: indexed_to, split: indexed_to, ..Self::default() }
    }

    /// Counts the events that no run holds.
    pub(crate) fn len(&self) -> usize {
        self.newer_events
    }

    pub(crate) fn push(&mut self, channel: ChannelId, sequence: Sequence) {
        self.newer.entry(channel).or_default().push(sequence);
        self.newer_events += 1;
    }

    /// Takes back what a failed commit put in.
    pub(crate) fn truncate(&mut self, head: Sequence) {
        for list in self.newer.values_mut() {
            list.truncate(list.partition_point(|sequence| *sequence <= head));
        }
        self.newer.retain(|_, list| !list.is_empty());
        self.newer_events = self.newer.values().map(Vec::len).sum();
    }

    /// Notes that everything up to `indexed_to` is in runs now.
    pub(crate) fn rotate(&mut self, indexed_to: Sequence) {
        self.base = self.split;
        self.split = indexed_to;
        self.older = std::mem::take(&mut self.newer);
        self.newer_events = 0;
    }

    /// Returns up to where the channel index was written, as far as is known here.
    pub(crate) fn split(&self) -> Sequence {
        self.split
    }

    /// As [`rotate`](Self::rotate), where events beyond `indexed_to` may be here already.
    pub(crate) fn rotate_at(&mut self, indexed_to: Sequence) {
        self.base = self.split;
        self.split = indexed_to;
        self.older.clear();
        for (channel, list) in &mut self.newer {
            let rest = list.split_off(list.partition_point(|sequence| *sequence <= indexed_to));
            self.older.insert(*channel, std::mem::replace(list, rest));
        }
        self.newer.retain(|_, list| !list.is_empty());
        self.newer_events = self.newer.values().map(Vec::len).sum();
        // What was written beyond what had been read is in runs only: older snapshots are not served from here.
        if self.reach < indexed_to {
            self.base = indexed_to;
        }
    }

    pub(crate) fn reach(&self) -> Sequence {
        self.reach
    }

    pub(crate) fn reached(&mut self, head: Sequence) {
        self.reach = self.reach.max(head);
    }

    /// Returns a channel's newest event, if no run holds it.
    pub(crate) fn last(&self, channel: ChannelId) -> Option<Sequence> {
        self.newer.get(&channel)?.last().copied()
    }

    /// Lists what no run holds, channel by channel.
    pub(crate) fn unwritten(&self) -> impl Iterator<Item = (ChannelId, &[Sequence])> {
        self.newer.iter().map(|(channel, list)| (*channel, list.as_slice()))
    }

    /// Lists a channel's events after `after` up to `until`. `None` when the tail does not reach back to `indexed_to`.
    pub(crate) fn between(
        &self,
        channel: ChannelId,
        indexed_to: Sequence,
        after: Sequence,
        until: Sequence,
    ) -> Option<Vec<Sequence>> {
        if self.base > indexed_to {
            return None;
        }
        let after = after.max(indexed_to);
        let mut found = Vec::new();
        for list in [self.older.get(&channel), self.newer.get(&channel)].into_iter().flatten() {
            let from = list.partition_point(|sequence| *sequence <= after);
            let to = list.partition_point(|sequence| *sequence <= until);
            found.extend_from_slice(list.get(from..to).unwrap_or_default());
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seq(n: u64) -> Sequence {
        Sequence::new(n).unwrap()
    }

    fn found(tail: &Tail, indexed_to: u64) -> Option<Vec<u64>> {
        let list = tail.between(1, seq(indexed_to), Sequence::ZERO, Sequence::MAX)?;
        Some(list.iter().map(|sequence| sequence.get()).collect())
    }

    #[test]
    fn what_was_written_out_stays_for_one_more_time() {
        let mut tail = Tail::after(Sequence::ZERO);
        tail.push(1, seq(1));
        tail.push(2, seq(2));
        tail.rotate(seq(2));
        tail.push(1, seq(3));
        assert_eq!(found(&tail, 0), Some(vec![1, 3]));
        assert_eq!(found(&tail, 2), Some(vec![3]));
        tail.rotate(seq(3));
        assert_eq!(found(&tail, 0), None);
        assert_eq!(found(&tail, 2), Some(vec![3]));
    }

    #[test]
    fn a_failed_commit_is_taken_back() {
        let mut tail = Tail::after(Sequence::ZERO);
        tail.push(1, seq(1));
        tail.push(1, seq(2));
        tail.truncate(seq(1));
        assert_eq!((tail.len(), tail.last(1)), (1, Some(seq(1))));
    }
}
