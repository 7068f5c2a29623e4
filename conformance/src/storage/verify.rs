//! Compares what a driver answered with what the model says.

mod page;
mod receipt;

pub(crate) use page::{check_page, check_sequences};
pub(crate) use receipt::{check_receipt, check_refusal};

use crate::Failure;
use crate::Law;
use crate::failure::ensure_law;
use crate::storage::model::Model;
use eventweir::{Bounds, Epoch};

/// Checks what a stream is said to hold.
pub(crate) fn check_bounds(model: &Model, epoch: Epoch, bounds: &Bounds) -> Result<(), Failure> {
    ensure_law!(
        Law::Told,
        bounds.epoch == epoch,
        "the epoch was {epoch} and is {} all of a sudden",
        bounds.epoch
    );
    let head = model.head();
    ensure_law!(
        Law::Visibility,
        bounds.head >= head,
        "the head should be {head}, and is said to be {}",
        bounds.head
    );
    ensure_law!(
        Law::Order,
        bounds.head == head,
        "the head should be {head}, and is said to be {}",
        bounds.head
    );
    let first = model.first();
    let right = if first > head { bounds.first == first } else { bounds.first <= first };
    ensure_law!(
        Law::Told,
        right,
        "the first retained sequence is {first} (head {head}), and is said to be {}",
        bounds.first
    );
    Ok(())
}
