//! The suite proves itself: drivers that are each wrong in one realistic way are found by the law that they break, and the one
//! that is not wrong is not.

mod faulty;

use eventweir_conformance::{Failure, Law, PROPERTIES, Property};
use faulty::{Fault, FaultyHarness, NoFault, commits, reads, retention};

/// Returns what the first property of a law that the faulty driver breaks says.
fn found_by<F: Fault>(law: Law) -> Option<Failure> {
    let mut of_law = PROPERTIES.iter().filter(|property| property.law == law);
    of_law.find_map(|property| property.check(FaultyHarness::<F>::default()).err())
}

/// One test per faulty driver, with the law that must find it. With `scripts`, random scripts must find it, too.
macro_rules! finds {
    ($($test:ident: $fault:ty, $law:ident $(, $scripts:ident)?;)*) => {$(
        #[test]
        fn $test() {
            assert!(found_by::<$fault>(Law::$law).is_some(), "no property of the law {} fails", Law::$law);
            $(finds!(@$scripts $fault);)?
        }
    )*};
    (@scripts $fault:ty) => {
        assert!(found_by::<$fault>(Law::Every).is_some(), "random scripts do not find it");
    };
}

finds! {
    limit_before_merge: reads::LimitBeforeMerge, NoMiss, scripts;
    siblings_leak_into_a_subtree: reads::SiblingsLeak, NoMiss, scripts;
    page_reaches_too_far: reads::PageReachesTooFar, NoMiss, scripts;
    own_events_are_echoed: reads::Echo, NoMiss, scripts;
    events_of_nobody_are_left_out: reads::SourcelessLeftOut, NoMiss, scripts;
    page_ignores_its_limits: reads::Limitless, Isolation, scripts;
    event_is_given_twice: reads::Twice, NoDuplicate, scripts;
    epoch_is_ignored: reads::EpochIgnored, Told, scripts;
    head_is_stale: reads::StaleHead, Visibility;
    hints_run_ahead: reads::HintsRunAhead, WakeUp;
    hints_never_come: reads::Silent, WakeUp;
    sequences_before_commit: commits::SequencesBeforeCommit, Visibility;
    batch_is_half_visible: commits::HalfVisible, Atomic;
    refused_commit_moves_cursors: commits::RefusedMovesCursors, Atomic, scripts;
    repeated_event_is_appended: commits::EventIdsIgnored, NoDuplicate, scripts;
    repeated_commit_is_carried_out: commits::CommitIdsIgnored, NoDuplicate, scripts;
    cursor_goes_back: commits::CursorGoesBack, Cursor, scripts;
    expectation_is_ignored: commits::ExpectationIgnored, Cursor, scripts;
    failure_is_told_as_success: commits::FailureAsSuccess, Honest, scripts;
    refusal_says_it_may_have_happened: commits::RefusalUnsure, Honest, scripts;
    headers_are_lost: commits::HeadersLost, NoMiss, scripts;
    streams_are_mixed: commits::OneStream, Isolation;
    gap_is_not_told: retention::GapNotTold, Told, scripts;
    gap_is_told_to_everyone: retention::GapToldToEveryone, Told, scripts;
    sequences_are_used_again: retention::SequencesUsedAgain, Order, scripts;
    everything_is_lost_on_reopen: retention::LostOnReopen, Durable, scripts;
    cursors_are_lost_on_reopen: retention::CursorsLostOnReopen, Durable, scripts;
}

/// The wrapper itself is right, and promises to survive being reopened: nothing is skipped.
mod right {
    use super::{FaultyHarness, NoFault};

    eventweir_conformance::storage_suite!(FaultyHarness::<NoFault>::default());
}

#[test]
fn a_panic_is_told_in_a_sentence() {
    let failure = found_by::<reads::Panics>(Law::NoMiss).unwrap();
    assert_eq!(failure.what(), "the driver panicked: index out of bounds, or so");
}

#[test]
fn a_failing_script_is_small_and_can_be_run_again() {
    let property = Property::named(Law::Every, "scripts_agree_with_the_model").unwrap();
    let failure = property.check(FaultyHarness::<commits::EventIdsIgnored>::default()).unwrap_err();
    let told = failure.to_string();
    let steps =
        told.lines().filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit())).count();
    assert!((1..=5).contains(&steps), "a commit or two are enough to show a repeated id:\n{told}");
    assert!(told.contains("EVENTWEIR_SEED="), "{told}");
}
