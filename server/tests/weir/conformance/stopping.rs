//! A run that is interrupted removes what it made, and says what it did not look at.

use crate::support::{run_in, stop_after};
use eventweir::Storage;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use serde_json::Value;

#[test]
fn an_interrupted_run_tidies_up_and_reports() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        ["conformance", "--storage", "sqlite:events.db", "--cases", "100000", "--json", "report.json"];
    // The store is locked once the run is under way.
    let lock = folder.path().join("events.db.lock");
    let ran = stop_after(folder.path(), &arguments, || lock.exists());
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert!(ran.stderr.contains("interrupted"), "{ran:?}");
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["green"], false);
    assert!(report["counts"]["not_run"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(report["counts"]["failed"], 0, "what was torn off says nothing about the store: {report}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let storage = SqliteStorage::open(SqliteConfig::at(folder.path().join("events.db"))).await.unwrap();
        assert_eq!(storage.catalog().unwrap().streams().await.unwrap(), []);
    });
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
