//! Calls that make the same commit, by its id: together they have one effect, or none.

use crate::failure::ensure_law;
use crate::storage::concurrent::call::{Call, Came, Made};
use crate::{Failure, Law};
use eventweir::{Commit, CommitId, Receipt, Sequence};
use std::collections::HashMap;

/// A commit, and every call that made it.
pub(super) struct Group<'a> {
    pub(super) commit: &'a Commit,
    pub(super) calls: Vec<&'a Call>,
    /// What all its receipts say, but for whether they repeat it.
    pub(super) receipt: Option<Receipt>,
}

pub(super) fn groups(calls: &[Call]) -> Result<Vec<Group<'_>>, Failure> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<&CommitId, usize> = HashMap::new();
    for call in calls {
        let Made::Commit(commit, _) = &call.made else { continue };
        let new = groups.len();
        let place = commit.id.as_ref().map_or(new, |id| *known.entry(id).or_insert(new));
        if place == new {
            groups.push(Group { commit, calls: Vec::new(), receipt: None });
        }
        groups[place].calls.push(call);
    }
    for group in &mut groups {
        group.agree()?;
    }
    Ok(groups)
}

impl<'a> Group<'a> {
    /// Takes the receipt, which must be the same for all.
    fn agree(&mut self) -> Result<(), Failure> {
        let mut firsts = 0;
        for (call, receipt) in self.receipts() {
            firsts += usize::from(!receipt.repeated);
            let receipt = Receipt { repeated: false, ..receipt.clone() };
            if let Some(first) = &self.receipt {
                ensure_law!(
                    Law::NoDuplicate,
                    *first == receipt,
                    "{} repeated a commit and was told {receipt:?}, and the first receipt is {first:?}",
                    call.named()
                );
            }
            self.receipt = Some(receipt);
        }
        let all_known = self.calls.iter().all(|call| !matches!(call.made, Made::Commit(_, Came::Unknown)));
        let name = self.calls[0].named();
        ensure_law!(Law::NoDuplicate, firsts <= 1, "{name} was repeated, and carried out {firsts} times");
        ensure_law!(
            Law::NoDuplicate,
            self.receipt.is_none() || firsts == 1 || !all_known,
            "{name} is said to be a repetition, each time"
        );
        self.check_refused_repetitions()
    }

    /// A commit that was carried out is not refused any more.
    fn check_refused_repetitions(&self) -> Result<(), Failure> {
        let by = self.receipts().map(|(call, _)| call.returned).min().unwrap_or(u64::MAX);
        let refused = self
            .calls
            .iter()
            .find(|call| call.invoked > by && matches!(call.made, Made::Commit(_, Came::Refused(_))));
        match refused {
            None => Ok(()),
            Some(call) => {
                let what =
                    format!("{} repeated a commit that was carried out, and was refused", call.named());
                Err(Failure::of(Law::NoDuplicate, what))
            }
        }
    }

    fn receipts(&self) -> impl Iterator<Item = (&'a Call, &'a Receipt)> + use<'a> {
        let calls = self.calls.clone();
        calls.into_iter().filter_map(|call| match &call.made {
            Made::Commit(_, Came::Receipt(receipt)) => Some((call, receipt)),
            _ => None,
        })
    }

    /// The sequences of the events that it appended itself.
    pub(super) fn fresh(&self) -> Vec<Sequence> {
        let placed = self.receipt.iter().flat_map(|receipt| &receipt.events);
        placed.filter(|placed| !placed.duplicate).map(|placed| placed.sequence).collect()
    }

    /// The clock before which it cannot have happened.
    pub(super) fn invoked(&self) -> u64 {
        self.calls.iter().map(|call| call.invoked).min().unwrap_or(0)
    }

    /// Returns whether it may have happened, and nobody was told where.
    pub(super) fn is_unknown(&self) -> bool {
        self.receipt.is_none()
            && self.calls.iter().any(|call| matches!(call.made, Made::Commit(_, Came::Unknown)))
    }

    pub(super) fn named(&self) -> String {
        self.calls[0].named()
    }
}
