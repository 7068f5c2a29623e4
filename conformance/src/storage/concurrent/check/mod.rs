//! Compares what clients were told with the one order that the log gives.

mod answers;
mod attempts;
mod groups;
mod moments;
mod order;
mod race;

use super::call::Call;
use crate::Failure;
use crate::history;
use eventweir::{Epoch, Event};
use std::sync::Arc;

/// Everything that was seen of a script.
pub(super) struct Told<'a> {
    pub(super) epoch: Epoch,
    /// How many clients there were, each with a reader of its own.
    pub(super) followers: usize,
    /// In the order in which they returned.
    pub(super) calls: &'a [Call],
    /// What the log holds in the end.
    pub(super) log: &'a [Arc<Event>],
}

pub(super) fn check(told: &Told<'_>) -> Result<(), Failure> {
    // What became of every event, and what every reader saw of it.
    history::check(&attempts::history(told))?;
    let groups = groups::groups(told.calls)?;
    race::check(told.calls, &groups)?;
    // A call of which nobody knows, and which left nothing to know it by, leaves a hole in what is known.
    let Some(order) = order::Order::of(told, &groups)? else { return Ok(()) };
    answers::check(told, &groups, &order)
}
