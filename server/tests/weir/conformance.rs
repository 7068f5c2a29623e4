//! `weir conformance`: what it finds, what it leaves alone, and how it ends.

mod bad_input;
mod mangled;
mod others_data;
mod reports;
mod running_broker;
mod several_brokers;
mod stopping;

use crate::support::{Ran, run_in};
use std::path::Path;

/// Runs a few cases of a few properties.
fn conformance(folder: &Path, arguments: &[&str]) -> Ran {
    run_in(folder, &[], &[&["conformance", "--cases", "2"], arguments].concat())
}

#[test]
fn a_good_store_is_green_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for storage in ["memory:", "sqlite:events.db"] {
        let ran = conformance(folder.path(), &["--storage", storage, "--level", "storage", "--seed", "7"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let last = ran.stdout.lines().last().unwrap();
        assert!(
            last.starts_with("green: ") && last.contains(" 0 failed, ") && last.contains("seed 7"),
            "{last}"
        );
    }
}

#[test]
fn what_is_skipped_is_named_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let ran =
        conformance(folder.path(), &["--storage", "memory:", "--level", "storage", "--only", "durable"]);
    // Nothing was looked at, which is no success.
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stdout.contains(
            "skipped storage memory durable::ids_survive_a_restart: it promises to survive nothing"
        )
    );
    assert!(ran.stdout.contains("every property was skipped"), "{ran:?}");
    assert!(
        ran.stdout.lines().last().unwrap().starts_with("nothing was looked at: 0 held, 0 failed,"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("nothing is shown"), "{ran:?}");
}

#[test]
fn the_properties_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let listed = run_in(folder.path(), &[], &["conformance", "--list", "--only", "no-miss"]).done();
    for name in
        ["storage::no-miss::limits_cut_after_the_merge", "broker::no-miss::a_reader_sees_everything_in_order"]
    {
        assert!(listed.lines().any(|line| line.starts_with(name)), "{name} in {listed}");
    }
    assert!(!listed.contains("told::"), "{listed}");
}
