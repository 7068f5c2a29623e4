//! What cannot be examined is told in one sentence, soon, and with the exit code 2.

use super::conformance;
use crate::support::{Broker, Ran, run_in};
use std::path::Path;

#[test]
fn arguments_that_cannot_be_used_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    let table: &[(&[&str], &str)] = &[
        (&[], "name what is examined"),
        (&["--storage", "memory:", "--url", "http://127.0.0.1:1"], "cannot be used with"),
        (&["--storage", "oracle:x"], "\"oracle\" is not known"),
        (&["--storage", "memory"], "is not known"),
        (&["--storage", "sqlite:"], "names a file"),
        (&["--storage", "sqlite:no/such/folder/e.db"], "cannot be made"),
        (&["--storage", "sqlite:folder"], "folder"),
        (&["--storage", "memory:", "--profile", "slow"], "quick, full and soak"),
        (&["--storage", "memory:", "--cases", "0"], "0"),
        (&["--storage", "memory:", "--seed", "-1"], "-1"),
        (&["--storage", "memory:", "--level", "moon"], "storage, broker, brokers, wire and wires"),
        (
            &["--storage", "memory:", "--only", "nonsense"],
            "\"nonsense\" names nothing; there are the levels storage",
        ),
        (&["--storage", "memory:", "--only", "no-miss::nonsense"], "names nothing; there are"),
        (&["--storage", "memory:", "--only", ""], "names nothing"),
        (&["--storage", "memory:", "--time", "soon"], "90s"),
        (
            &["--storage", "memory:", "--junit", "no/such/report.xml"],
            "cannot be written to no/such/report.xml",
        ),
        (&["--storage", "memory:", "--json", "folder"], "cannot be written to folder"),
        (&["--storage", "memory:", "--json", "-", "--junit", "-"], "name the same place"),
        (&["--url", "http://127.0.0.1:1", "--level", "storage"], "at the level wire"),
    ];
    for (arguments, sentence) in table {
        let ran = run_in(folder.path(), &[], &[&["conformance"], *arguments].concat());
        refused(&ran, sentence);
    }
    let made: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(made, ["folder"], "nothing is made by what is refused");
}

#[test]
fn a_variable_that_cannot_be_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [("EVENTWEIR_SEED", "x"), ("EVENTWEIR_CASES", "0"), ("EVENTWEIR_PROFILE", "slow")] {
        let ran = run_in(folder.path(), &[(name, value)], &["conformance", "--storage", "memory:"]);
        refused(&ran, name);
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.txt");
    std::fs::write(&file, "Dear reader, this is no store. ".repeat(100)).unwrap();
    let before = std::fs::read(&file).unwrap();
    refused(&conformance(folder.path(), &["--storage", "sqlite:letter.txt"]), "--storage");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_store_that_does_not_count_from_1_is_refused_and_keeps_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ran = conformance(folder.path(), &["--storage", "sqlite:events.db?first_sequence=1000"]);
    refused(&ran, "begins its streams after 999");
    assert_eq!(super::stopping::streams(&folder.path().join("events.db")), (vec![], true));
}

#[test]
fn a_store_that_a_broker_has_open_is_refused_and_the_broker_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &["--storage", "sqlite:events.db"]);
    let report = folder.path().join("report.json");
    let ran = conformance(folder.path(), &["--storage", "sqlite:events.db", "--json", "report.json"]);
    refused(&ran, "another process");
    assert!(!report.exists(), "an empty file would look like a report");
    assert_eq!(broker.publish("/a", "still here"), 1);
}

#[test]
fn a_report_of_an_earlier_run_stays_when_there_is_no_new_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.json"), "earlier").unwrap();
    refused(&conformance(folder.path(), &["--storage", "oracle:", "--json", "report.json"]), "oracle");
    assert_eq!(read(folder.path(), "report.json"), "earlier");
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[track_caller]
pub(super) fn refused(ran: &Ran, sentence: &str) {
    assert_eq!(ran.code, Some(2), "{sentence}: {ran:?}");
    assert!(ran.stderr.contains(sentence), "{sentence:?} in {ran:?}");
    assert_eq!(ran.stdout, "", "{ran:?}");
}
