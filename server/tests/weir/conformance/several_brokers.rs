//! The level of several brokers, where there are several, and where there cannot be.

use super::bad_input::refused;
use super::conformance;
use crate::support::{Broker, run_in};

#[test]
fn a_store_of_one_process_is_passed_over_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let ran = conformance(folder.path(), &["--storage", "memory:", "--level", "wires"]);
    // Nothing was looked at, which is no success.
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let skipped: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with("skipped")).collect();
    assert_eq!(skipped, ["skipped wires memory: one process at a time writes to its store"], "{ran:?}");
}

#[test]
fn several_urls_are_several_brokers() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &["--storage", "memory:"]);
    // Two ways to the same one, as a cluster may have.
    let other = broker.url.replace("127.0.0.1", "localhost");
    let only = ["--only", "a_repeated_publication_is_one_event", "--only", "every_selection_is_delivered"];
    let ran = conformance(folder.path(), &[&["--url", &*broker.url, "--url", &*other][..], &only].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.lines().last().unwrap().starts_with("green: "), "{ran:?}");
    assert!(ran.stdout.contains("skipped wires rse of 2012 no-duplicate::"), "{ran:?}");
}

#[test]
fn several_urls_are_no_single_broker() {
    let folder = tempfile::tempdir().unwrap();
    let urls = ["--url", "http://127.0.0.1:1", "--url", "http://127.0.0.1:2"];
    let ran = run_in(folder.path(), &[], &[&["conformance"], &urls[..], &["--level", "wire"]].concat());
    refused(&ran, "at the level wires");
}
