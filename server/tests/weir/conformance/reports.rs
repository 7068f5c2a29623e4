//! The reports, as programs read them.

use super::conformance;
use serde_json::Value;
use std::path::Path;

#[test]
fn both_reports_tell_the_same_as_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--storage", "memory:", "--level", "storage", "--only", "durable", "--only", "told"];
    let files = ["--seed", "11", "--junit", "report.xml", "--json", "report.json"];
    let summary = conformance(folder.path(), &[&arguments[..], &files].concat()).done();

    let json: Value = serde_json::from_str(&read(folder.path(), "report.json")).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["green"], true);
    assert_eq!(json["seed"], "11");
    assert_eq!(json["cases"], 2);
    let properties = json["subjects"][0]["properties"].as_array().unwrap();
    let count = |verdict: &str| properties.iter().filter(|one| one["verdict"] == verdict).count() as u64;
    assert_eq!(json["counts"]["held"], count("held"));
    assert_eq!(json["counts"]["skipped"], count("skipped"));
    assert!(count("held") > 0 && count("skipped") > 0, "{json}");
    let last = format!("green: {} held, 0 failed, {} skipped, 0 not run", count("held"), count("skipped"));
    assert!(summary.lines().last().unwrap().starts_with(&last), "{summary}");

    let junit = read(folder.path(), "report.xml");
    let document = roxmltree::Document::parse(&junit).unwrap();
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(cases.len(), properties.len());
    let skipped =
        cases.iter().filter(|case| case.children().any(|child| child.has_tag_name("skipped"))).count();
    assert_eq!(skipped as u64, count("skipped"));
    for (case, property) in cases.iter().zip(properties) {
        let name = format!("{}::{}", property["law"].as_str().unwrap(), property["name"].as_str().unwrap());
        assert_eq!(case.attribute("name"), Some(name.as_str()));
    }
}

#[test]
fn a_report_on_stdout_has_it_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--storage", "memory:", "--level", "storage", "--only", "wake-up"];
    let json = conformance(folder.path(), &[&arguments[..], &["--json", "-"]].concat());
    assert!(json.stderr.lines().last().unwrap().starts_with("green: "), "{json:?}");
    serde_json::from_str::<Value>(&json.done()).unwrap();
    let junit = conformance(folder.path(), &[&arguments[..], &["--junit", "-"]].concat()).done();
    roxmltree::Document::parse(&junit).unwrap();
}

#[test]
fn a_longer_report_of_an_earlier_run_is_replaced_wholly() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.json"), " ".repeat(1 << 20)).unwrap();
    let arguments =
        ["--storage", "memory:", "--level", "storage", "--only", "wake-up", "--json", "report.json"];
    conformance(folder.path(), &arguments).done();
    assert!(read(folder.path(), "report.json").ends_with("}\n"));
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}
