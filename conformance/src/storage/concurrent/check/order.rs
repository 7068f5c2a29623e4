//! The one order of all commits, told to the model.

use super::Told;
use super::groups::Group;
use crate::failure::ensure_law;
use crate::storage::concurrent::call::{Call, Made};
use crate::storage::model::{Acknowledged, Model};
use crate::storage::verify::check_receipt;
use crate::{Failure, Law};
use eventweir::{ChannelName, ErrorKind, Expect, Sequence};

/// What the stream was after each commit that appended something.
pub(super) struct Order<'a> {
    moments: Vec<Moment>,
    /// When a channel was deleted, and up to which sequence; nothing else was under way then.
    deletions: Vec<(u64, &'a ChannelName, Sequence)>,
    /// The fewest events that a trim kept, and the clocks at which trims began.
    trims: Vec<(u64, u64)>,
}

/// What the stream was after a commit, with everything that was ever removed.
pub(super) struct Moment {
    pub(super) model: Model,
    /// The clock before which it cannot have been so.
    pub(super) since: u64,
}

impl<'a> Order<'a> {
    /// Puts the commits into their order. `None` when there is one of which nobody knows where it is.
    pub(super) fn of(told: &Told<'a>, groups: &[Group<'_>]) -> Result<Option<Self>, Failure> {
        let mut placed: Vec<(Vec<Sequence>, &Group<'_>)> = groups
            .iter()
            .map(|group| (group.fresh(), group))
            .filter(|(fresh, _)| !fresh.is_empty())
            .collect();
        placed.sort_by_key(|(fresh, _)| fresh[0]);
        let mut order = Self::empty(told);
        for (fresh, group) in placed {
            let next = order.head().next();
            if fresh[0] > next && groups.iter().any(Group::is_unknown) {
                return Ok(None);
            }
            check_place(&fresh, group, next)?;
            order.tell(told, group)?;
        }
        let head = told.log.last().map_or(Sequence::ZERO, |event| event.sequence);
        ensure_law!(
            Law::Order,
            order.head() == head,
            "the log ends with {head}, and receipts with {}",
            order.head()
        );
        Ok(Some(order))
    }

    fn empty(told: &Told<'a>) -> Self {
        // Scripts with repeated ids are made only where they are recognised.
        let moments = vec![Moment { model: Model::new(true), since: 0 }];
        let deletions = told.calls.iter().filter_map(|call| match &call.made {
            Made::Delete { channel, head } => Some((call.returned, channel, *head)),
            _ => None,
        });
        let trims = told.calls.iter().filter_map(|call| match &call.made {
            Made::Trim { keep, .. } => Some((*keep, call.invoked)),
            _ => None,
        });
        Self { moments, deletions: deletions.collect(), trims: trims.collect() }
    }

    pub(super) fn head(&self) -> Sequence {
        self.moments.last().map_or(Sequence::ZERO, |moment| moment.model.head())
    }

    /// Tells the model of the next commit, which must be answered as it was.
    fn tell(&mut self, told: &Told<'_>, group: &Group<'_>) -> Result<(), Failure> {
        let Some(last) = self.moments.last() else { return Ok(()) };
        let mut model = last.model.clone();
        let since = last.since.max(group.invoked());
        let expected = self.carry_out(&mut model, group);
        self.compare(told, group, &expected)?;
        self.moments.push(Moment { model, since });
        Ok(())
    }

    /// Checks what a group was told against what the model says.
    pub(super) fn compare(
        &self,
        told: &Told<'_>,
        group: &Group<'_>,
        expected: &Result<Acknowledged, Vec<ErrorKind>>,
    ) -> Result<(), Failure> {
        let Some(receipt) = &group.receipt else { return Ok(()) };
        // Repetitions were compared with each other before.
        let expected = expected.clone().map(|expected| Acknowledged { repeated: false, ..expected });
        check_receipt(told.epoch, &expected, &Ok(receipt.clone()))
            .map_err(|failure| failure.at(group.named()))
    }

    /// Carries a commit out. What a channel's head is, a store may forget when the channel's events are gone.
    pub(super) fn carry_out(
        &self,
        model: &mut Model,
        group: &Group<'_>,
    ) -> Result<Acknowledged, Vec<ErrorKind>> {
        let returned = group.calls.iter().map(|call| call.returned).max().unwrap_or(u64::MAX);
        let forgotten = matches!(&group.commit.expect, Expect::ChannelHead(_, Sequence::ZERO))
            && self.removed_before(returned);
        if forgotten {
            return model.commit(&group.commit.clone().with_expect(Expect::Any));
        }
        model.commit(group.commit)
    }

    /// Returns whether anything may have been removed before a clock.
    pub(super) fn removed_before(&self, clock: u64) -> bool {
        !self.deletions.is_empty() || self.trims.iter().any(|(_, invoked)| *invoked < clock)
    }

    /// Returns the moment at which the head was this one. `None` when it never was.
    pub(super) fn at(&self, head: Sequence) -> Option<&Moment> {
        let place = self.moments.binary_search_by_key(&head, |moment| moment.model.head());
        place.ok().map(|place| &self.moments[place])
    }

    /// Lists the moments that a call may have seen that was told `least` before, and returned at a clock.
    pub(super) fn between(&self, least: Sequence, returned: u64) -> impl Iterator<Item = &Moment> {
        self.moments.iter().filter(move |moment| moment.model.head() >= least && moment.since < returned)
    }

    /// Returns what the stream was for a call: at a head, with what is below `first` removed, and what was deleted before.
    pub(super) fn seen_by(&self, call: &Call, moment: &Moment, first: Sequence) -> Model {
        let mut model = moment.model.clone();
        model.remove(|event| {
            event.sequence < first || self.is_deleted(call.invoked, &event.channel, event.sequence)
        });
        model
    }

    /// Returns the greatest first sequence that the trims explain, which began before a call returned.
    pub(super) fn most_first(&self, call: &Call, moment: &Moment) -> Sequence {
        let head = moment.model.head();
        let begun = self.trims.iter().filter(|(_, invoked)| *invoked < call.returned);
        let kept = begun.map(|(keep, _)| *keep).min().unwrap_or(u64::MAX);
        let mut first = Sequence::ZERO.plus(head.next().get().saturating_sub(kept).max(1));
        let untrimmed = moment.model.retained().skip(first.previous().get() as usize);
        for event in untrimmed {
            if !self.is_deleted(call.invoked, &event.channel, event.sequence) {
                break;
            }
            first = event.sequence.next();
        }
        first
    }

    fn is_deleted(&self, invoked: u64, channel: &ChannelName, sequence: Sequence) -> bool {
        let deleted = |(at, deleted, head): &(u64, &ChannelName, Sequence)| {
            *at < invoked && *deleted == channel && sequence <= *head
        };
        self.deletions.iter().any(deleted)
    }
}

/// A commit's own events stand side by side, right after those of the one before.
fn check_place(fresh: &[Sequence], group: &Group<'_>, next: Sequence) -> Result<(), Failure> {
    let together = fresh.windows(2).all(|pair| pair[1] == pair[0].next());
    let name = group.named();
    ensure_law!(Law::Atomic, together, "the events of {name} do not stand side by side: {fresh:?}");
    ensure_law!(
        Law::Order,
        fresh[0] == next,
        "{name} should stand at {next}, after the commit before it, and is said to stand at {fresh:?}"
    );
    Ok(())
}
