//! The README has the table of properties.

use std::collections::HashSet;

#[test]
fn the_table_is_that_of_the_list() {
    let readme = include_str!("../README.md");
    let table = eventweir_conformance::table();
    assert!(readme.ends_with(&table), "the README should end with this table:\n\n{table}");
}

#[test]
fn names_are_unique_in_their_law() {
    let mut names = HashSet::new();
    for property in eventweir_conformance::PROPERTIES {
        assert!(names.insert((property.law, property.name)), "{property:?} is there twice");
    }
}
