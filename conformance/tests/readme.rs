//! The README has the tables of properties, and what the documents name is there.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

use eventweir_conformance::{Level, Property, properties, table};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_tables_are_those_of_the_lists() {
    let readme = file("README.md");
    let shown = read(&readme);
    let right = LEVELS.into_iter().fold(shown.clone(), |text, level| with_table(&text, level));
    if shown == right {
        return;
    }
    if std::env::var_os("EVENTWEIR_UPDATE").is_none() {
        panic!("the README's tables are old: EVENTWEIR_UPDATE=1 cargo test -p {PACKAGE} --test readme");
    }
    fs::write(&readme, right).expect("the README can be written");
}

/// Puts the table of a level between its marks.
fn with_table(readme: &str, level: Level) -> String {
    let begin = format!("<!-- table {level} -->\n");
    let (before, rest) = readme.split_once(&begin).unwrap_or_else(|| panic!("the README has no {begin:?}"));
    let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("{begin:?} has no {END:?} after it"));
    format!("{before}{begin}{}{END}{after}", table(level))
}

#[test]
fn names_are_unique_in_their_law() {
    for level in LEVELS {
        let mut names = HashSet::new();
        for property in properties(level) {
            assert!(names.insert((property.law, property.name)), "{property:?} is there twice");
        }
    }
}

#[test]
fn the_classes_of_failure_name_properties_that_exist() {
    let text = read(&file("failure-classes.md"));
    let rows: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("| ")).skip(1).collect();
    for (number, row) in (1..).zip(&rows) {
        assert!(row.starts_with(&format!("{number} | ")), "row {number} is {row:?}");
        let says_when =
            ["When there are", "a driver's own", "frontend's own"].iter().any(|why| row.contains(why));
        assert!(row.contains("::") || says_when, "row {number} names no property, and does not say why");
    }
    assert_eq!(rows.len(), 30);
    let named: Vec<_> = text.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
    for name in named.into_iter().filter(|name| *name != "level law::name") {
        assert!(exists(name), "there is no property {name:?}");
    }
}

/// Whether there is a property, written as `level law::name`.
fn exists(text: &str) -> bool {
    let parts = text.split_once(' ').and_then(|(level, rest)| Some((level, rest.split_once("::")?)));
    parts.is_some_and(|(level, (law, name))| {
        let level = LEVELS.into_iter().find(|known| known.as_str() == level);
        let is_meant = |property: &&Property| property.law.as_str() == law && property.name == name;
        level.is_some_and(|level| properties(level).iter().find(is_meant).is_some())
    })
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One for each list.
const LEVELS: [Level; 2] = [Level::Storage, Level::Broker];
const END: &str = "<!-- end -->";
const PACKAGE: &str = env!("CARGO_PKG_NAME");
