//! What had been shown to anyone by a clock: later calls must show no less.

use eventweir::Sequence;

/// The greatest head and first sequence that were shown, by the clock.
#[derive(Debug, Default)]
pub(super) struct Shown(Vec<(u64, Least)>);

/// What every later call must show at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Least {
    pub(super) head: Sequence,
    pub(super) first: Sequence,
}

impl Shown {
    /// Notes what a call showed that returned at a clock. Calls come in the order in which they returned.
    pub(super) fn note(&mut self, returned: u64, head: Sequence, first: Sequence) {
        let before = self.0.last().map(|(_, least)| *least).unwrap_or_default();
        self.0.push((returned, Least { head: before.head.max(head), first: before.first.max(first) }));
    }

    /// Returns what had been shown before a clock.
    pub(super) fn before(&self, invoked: u64) -> Least {
        let count = self.0.partition_point(|(returned, _)| *returned < invoked);
        count.checked_sub(1).map(|last| self.0[last].1).unwrap_or_default()
    }
}
