//! Compares what came of a commit.

use crate::failure::ensure_law;
use crate::storage::model::Acknowledged;
use crate::{Failure, Law};
use eventweir::{Effect, Epoch, Error, ErrorKind, Receipt};

/// Checks a receipt, or a refusal.
pub(crate) fn check_receipt(
    epoch: Epoch,
    expected: &Result<Acknowledged, Vec<ErrorKind>>,
    actual: &Result<Receipt, Error>,
) -> Result<(), Failure> {
    match (expected, actual) {
        (Ok(expected), Ok(actual)) => check_acknowledged(epoch, expected, actual),
        (Err(kinds), Err(error)) => check_refusal(kinds, error),
        (Ok(_), Err(error)) => {
            let what = format!("the commit should succeed, and failed: {error} ({:?})", error.kind());
            Err(Failure::of(Law::Honest, what))
        }
        (Err(kinds), Ok(_)) => {
            let what = format!("the commit should be refused ({kinds:?}), and was carried out");
            Err(Failure::of(Law::Cursor, what))
        }
    }
}

/// Checks that a refusal says what it is, and that nothing happened.
pub(crate) fn check_refusal(kinds: &[ErrorKind], error: &Error) -> Result<(), Failure> {
    ensure_law!(
        Law::Honest,
        kinds.contains(&error.kind()),
        "the commit should be refused as {kinds:?}, and was as {:?}: {error}",
        error.kind()
    );
    ensure_law!(
        Law::Honest,
        error.effect() == Effect::NotApplied,
        "a commit refused as {:?} should say that it was not applied",
        error.kind()
    );
    Ok(())
}

fn check_acknowledged(epoch: Epoch, expected: &Acknowledged, actual: &Receipt) -> Result<(), Failure> {
    ensure_law!(
        Law::Told,
        actual.epoch == epoch,
        "the epoch was {epoch}, and is {} in a receipt",
        actual.epoch
    );
    ensure_law!(
        Law::NoDuplicate,
        actual.repeated == expected.repeated,
        "the receipt should say repeated: {}, and says {}",
        expected.repeated,
        actual.repeated
    );
    let events: Vec<_> = actual.events.iter().map(|placed| (placed.sequence, placed.duplicate)).collect();
    let known = |events: &[(_, bool)]| events.iter().map(|(_, known)| *known).collect::<Vec<_>>();
    let law = if known(&events) == known(&expected.events) { Law::Order } else { Law::NoDuplicate };
    ensure_law!(
        law,
        events == expected.events,
        "the receipt should list (sequence, duplicate) {:?}, and lists {events:?}",
        expected.events
    );
    ensure_law!(
        Law::Order,
        actual.head == expected.head,
        "the receipt's head should be {}, and is {}",
        expected.head,
        actual.head
    );
    Ok(())
}
