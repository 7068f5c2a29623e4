//! Every answer is that of the model at a moment between its call and its return.

use super::Told;
use super::groups::Group;
use super::moments::{Least, Shown};
use super::order::{Moment, Order};
use crate::failure::ensure_law;
use crate::storage::concurrent::call::{Call, Came, Looked, Made};
use crate::storage::concurrent::client::RACE;
use crate::storage::verify::{check_page, check_refusal};
use crate::{Failure, Law};
use eventweir::{Bounds, Commit, Error, ErrorKind, Expect, Receipt, Sequence};

pub(super) fn check(told: &Told<'_>, groups: &[Group<'_>], order: &Order<'_>) -> Result<(), Failure> {
    for group in groups.iter().filter(|group| group.fresh().is_empty()) {
        check_empty(told, group, order)?;
    }
    let mut answers = Answers { told, order, shown: Shown::default() };
    for call in told.calls {
        answers.check(call).map_err(|failure| failure.at(call.named()))?;
    }
    Ok(())
}

/// A commit that appended nothing has no place of its own, but says at which head it happened.
fn check_empty(told: &Told<'_>, group: &Group<'_>, order: &Order<'_>) -> Result<(), Failure> {
    let Some(receipt) = &group.receipt else { return Ok(()) };
    let Some(moment) = order.at(receipt.head) else {
        return Err(in_the_middle(receipt.head).at(group.named()));
    };
    if is_race(group.commit) {
        return Ok(());
    }
    let expected = order.carry_out(&mut moment.model.clone(), group);
    order.compare(told, group, &expected)
}

fn is_race(commit: &Commit) -> bool {
    commit.append.is_empty()
}

fn in_the_middle(head: Sequence) -> Failure {
    Failure::of(
        Law::Atomic,
        format!("it shows the head {head}, which is in the middle of a commit, or never was"),
    )
}

struct Answers<'a> {
    told: &'a Told<'a>,
    order: &'a Order<'a>,
    shown: Shown,
}

impl<'a> Answers<'a> {
    fn check(&mut self, call: &Call) -> Result<(), Failure> {
        let least = self.shown.before(call.invoked);
        match &call.made {
            Made::Commit(_, Came::Receipt(receipt)) => self.check_receipt(call, least, receipt),
            Made::Commit(commit, Came::Refused(error)) => self.check_refused(call, least, commit, error),
            Made::Commit(_, Came::Unknown) => Ok(()),
            Made::Read(looked) => self.check_read(call, least, looked),
            Made::Bounds(bounds) => self.check_bounds(call, least, bounds).map(drop),
            Made::Trim { trimmed, .. } => self.check_bounds(call, least, &trimmed.bounds).map(drop),
            Made::Delete { head, .. } => {
                self.shown.note(call.returned, *head, Sequence::ZERO);
                Ok(())
            }
            Made::Cursor(name, _) if name.as_str() == RACE => Ok(()),
            Made::Record(key, _) if key.as_str() == RACE => Ok(()),
            Made::Cursor(name, found) => {
                self.check_state(call, least, &format!("the cursor {name}"), found, |moment| {
                    moment.model.cursor(name).cloned()
                })
            }
            Made::Record(key, found) => {
                self.check_state(call, least, &format!("the record {key}"), found, |moment| {
                    moment.model.record(key).cloned()
                })
            }
        }
    }

    /// A commit that happened during its call stands after everything that was shown before.
    fn check_receipt(&mut self, call: &Call, least: Least, receipt: &Receipt) -> Result<(), Failure> {
        let own =
            receipt.events.iter().filter(|placed| !placed.duplicate).map(|placed| placed.sequence).min();
        if !receipt.repeated {
            ensure_law!(
                Law::Visibility,
                own.is_none_or(|own| own > least.head) && receipt.head >= least.head,
                "it stands at {own:?} (head {}), and {} had been shown before it was begun",
                receipt.head,
                least.head
            );
        }
        self.shown.note(call.returned, receipt.head, Sequence::ZERO);
        Ok(())
    }

    /// A refusal says what was wrong at some moment of its call.
    fn check_refused(
        &self,
        call: &Call,
        least: Least,
        commit: &Commit,
        error: &Error,
    ) -> Result<(), Failure> {
        if error.is_retryable() || is_race(commit) && error.kind() == ErrorKind::Conflict {
            return Ok(());
        }
        check_refusal(&[ErrorKind::Conflict, ErrorKind::InvalidInput], error)?;
        let forgotten = matches!(commit.expect, Expect::ChannelHead(..))
            && error.kind() == ErrorKind::Conflict
            && self.order.removed_before(call.returned);
        let mut moments = self.order.between(least.head, call.returned);
        let explained = moments.any(|moment| {
            let refused = moment.model.clone().commit(commit).err().unwrap_or_default();
            refused.contains(&error.kind())
        });
        ensure_law!(
            Law::Cursor,
            explained || forgotten,
            "it was refused ({error}), and nothing was wrong with it at any moment of the call"
        );
        Ok(())
    }

    fn check_bounds(&mut self, call: &Call, least: Least, bounds: &Bounds) -> Result<&'a Moment, Failure> {
        let Bounds { epoch, first, head, .. } = *bounds;
        ensure_law!(Law::Told, epoch == self.told.epoch, "the epoch was {}, and is {epoch}", self.told.epoch);
        ensure_law!(
            Law::Visibility,
            head >= least.head && first >= least.first,
            "it shows the head {head} and the first {first}; {} and {} had been shown before it was begun",
            least.head,
            least.first
        );
        let Some(moment) = self.order.at(head) else { return Err(in_the_middle(head)) };
        ensure_law!(
            Law::Visibility,
            moment.since < call.returned,
            "it shows the head {head} before the commit that made it was begun"
        );
        let most = self.order.most_first(call, moment);
        ensure_law!(
            Law::NoMiss,
            first <= most,
            "the first is {first}, and the removals explain at most {most}"
        );
        self.shown.note(call.returned, head, first);
        Ok(moment)
    }

    /// A page is right for what the stream was when its head was this one.
    fn check_read(&mut self, call: &Call, least: Least, looked: &Looked) -> Result<(), Failure> {
        let Looked { query, page, .. } = looked;
        let moment = self.check_bounds(call, least, &page.bounds)?;
        let most = self.order.most_first(call, moment);
        let first = page.bounds.first;
        let model = self.order.seen_by(call, moment, first);
        match check_page(&model, self.told.epoch, query, page) {
            // The first is only said not to be above what is retained: more may be gone.
            Err(failure) if !self.is_right_beyond(call, looked, moment, first, most) => Err(failure),
            _ => Ok(()),
        }
    }

    fn is_right_beyond(
        &self,
        call: &Call,
        looked: &Looked,
        moment: &Moment,
        first: Sequence,
        most: Sequence,
    ) -> bool {
        (first.get() + 1..=most.get()).any(|first| {
            let model = self.order.seen_by(call, moment, Sequence::ZERO.plus(first));
            check_page(&model, self.told.epoch, &looked.query, &looked.page).is_ok()
        })
    }

    /// A cursor or a record is as it was at some moment of the call; and that moment has been shown then.
    fn check_state<T: PartialEq + std::fmt::Debug>(
        &mut self,
        call: &Call,
        least: Least,
        what: &str,
        found: &Option<T>,
        state: impl Fn(&Moment) -> Option<T>,
    ) -> Result<(), Failure> {
        let mut moments = self.order.between(least.head, call.returned);
        if let Some(moment) = moments.find(|moment| state(moment) == *found) {
            self.shown.note(call.returned, moment.model.head(), Sequence::ZERO);
            return Ok(());
        }
        let mut before = self.order.between(Sequence::ZERO, call.returned);
        let stale = before.any(|moment| state(moment) == *found);
        let law = if stale { Law::Visibility } else { Law::Cursor };
        let how = if stale { "is what it was earlier" } else { "is what it never was" };
        Err(Failure::of(
            law,
            format!("{what} is {found:?}, which {how}: the head {} had been shown before", least.head),
        ))
    }
}
