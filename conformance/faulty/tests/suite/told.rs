//! What the suite says when it finds something.

use eventweir_conformance::{Law, Level, Options, Property};
use eventweir_faulty::table::found_by;
use eventweir_faulty::{FAULTY, Faulty, panics};
use std::collections::HashSet;

#[test]
fn a_panic_is_told_in_a_sentence() {
    let failure = found_by(Law::NoMiss, &panics(), &Options::from_environment().unwrap()).unwrap();
    assert_eq!(failure.what(), "the driver panicked: index out of bounds, or so");
}

#[test]
fn a_failing_script_is_small_and_can_be_run_again() {
    let property = Property::named(Level::Storage, Law::Every, "scripts_agree_with_the_model").unwrap();
    let subject = Faulty::named("event_ids_are_ignored").unwrap().subject(crate::program());
    let failure = property.check(&subject, &Options::from_environment().unwrap()).unwrap_err();
    let told = failure.to_string();
    let steps =
        told.lines().filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit())).count();
    assert!((1..=5).contains(&steps), "a commit or two are enough to show a repeated id:\n{told}");
    assert!(told.contains("EVENTWEIR_SEED="), "{told}");
}

#[test]
fn names_are_unique() {
    let names: HashSet<_> = FAULTY.iter().map(|faulty| faulty.name).collect();
    assert_eq!(names.len(), FAULTY.len());
}

/// The page is made by the command, and must not be older than the list.
#[test]
fn the_page_has_all_of_them() {
    let page = include_str!("../../../../docs/faulty-drivers.md");
    for Faulty { name, wrong, seen, .. } in FAULTY {
        let row = format!("| `{name}` | {wrong} | {seen} |");
        assert!(page.contains(&row), "the page should have this row; make it again:\n{row}");
    }
}
