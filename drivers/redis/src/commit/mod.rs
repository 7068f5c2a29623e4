//! From a commit to its receipt.

mod answer;
mod group;
mod plan;
mod queue;

pub(crate) use answer::receipt;
pub(crate) use plan::{Plan, local_refusal};
pub(crate) use queue::{Queue, Tasks, submit};
