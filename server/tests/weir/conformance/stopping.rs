//! A run that is interrupted removes what it made, and says what it did not look at.

use super::conformance;
use crate::support::{run_in, stop_after};
use eventweir::{Storage, StreamName};
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use serde_json::Value;
use std::path::Path;

#[test]
fn an_interrupted_run_tidies_up_and_reports() {
    // In the middle of random scripts, and of killing brokers.
    for only in ["scripts_agree_with_the_model", "sse::kill_9_loses_nothing"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let storage = ["conformance", "--storage", "sqlite:events.db", "--cases", "100000", "--only", only];
        let arguments = [&storage[..], &["--json", "report.json"]].concat();
        let ran = stop_after(folder.path(), &arguments, || !streams(&path).0.is_empty());
        assert_eq!(ran.code, Some(130), "{ran:?}");
        assert!(ran.stderr.contains("interrupted"), "{ran:?}");
        let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["green"], false);
        assert!(report["counts"]["not_run"].as_u64().unwrap() > 0, "{report}");
        assert_eq!(report["counts"]["failed"], 0, "what was torn off says nothing about the store: {report}");
        assert_eq!(streams(&path), (vec![], true), "nothing is left, and nobody has the store open");
    }
}

/// Lists the streams of a store, and says whether it could be opened for writing.
pub(super) fn streams(path: &Path) -> (Vec<StreamName>, bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if !path.exists() {
        return (Vec::new(), false);
    }
    runtime.block_on(async {
        // It may be in the making.
        let Ok(storage) = SqliteStorage::open(SqliteConfig::at(path)).await else {
            return (Vec::new(), false);
        };
        let streams = storage.catalog().unwrap().streams().await.unwrap_or_default();
        let is_writer = storage.is_writer();
        storage.close().await.unwrap();
        (streams, is_writer)
    })
}

#[test]
fn rounds_go_on_with_following_seeds_until_the_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        ["--storage", "memory:", "--only", "pages_keep_to_their_limits", "--time", "2s", "--seed", "5"];
    let ran = conformance(folder.path(), &arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.starts_with("round 2 from seed 7\nround 3 from seed 9\n"), "{ran:?}");
    assert!(ran.stdout.starts_with("green: 1 held"), "one report, of the last round: {ran:?}");
}

#[test]
fn the_same_seed_makes_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let verdicts = || {
        let arguments =
            ["--storage", "memory:", "--level", "storage", "--seed", "42", "--cases", "3", "--json", "-"];
        let json = run_in(folder.path(), &[], &[&["conformance"], &arguments[..]].concat()).done();
        let mut report: Value = serde_json::from_str(&json).unwrap();
        report["started"] = Value::Null;
        report["seconds"] = Value::Null;
        for property in report["subjects"][0]["properties"].as_array_mut().unwrap() {
            property["seconds"] = Value::Null;
        }
        report
    };
    assert_eq!(verdicts(), verdicts());
}
