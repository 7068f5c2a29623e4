//! Where settings come from, which wins, and what is refused.

use crate::support::{Ran, run_in};
use std::path::Path;
use toml::Table;

fn shown(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Table {
    let arguments = [&["config"], arguments].concat();
    run_in(folder, environment, &arguments).done().parse().unwrap()
}

#[test]
fn later_sources_win() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let url = |environment: &[(&str, &str)], arguments: &[&str]| {
        shown(at, environment, arguments)["storage"]["url"].as_str().unwrap().to_owned()
    };
    assert_eq!(url(&[], &[]), "sqlite:weir-data/events.db");
    std::fs::write(at.join("weir.toml"), "[storage]\nurl = 'sqlite:file.db'\ntries = 9").unwrap();
    std::fs::write(at.join("other.toml"), "storage.url = 'sqlite:other.db'").unwrap();
    assert_eq!(url(&[], &[]), "sqlite:file.db");
    assert_eq!(url(&[], &["--config", "other.toml"]), "sqlite:other.db");
    assert_eq!(url(&[("WEIR_CONFIG", "other.toml")], &[]), "sqlite:other.db");
    let environment = [("WEIR_STORAGE__URL", "sqlite:env.db")];
    assert_eq!(url(&environment, &[]), "sqlite:env.db");
    assert_eq!(url(&environment, &["--storage", "memory:"]), "memory:");
    let all = ["--storage", "memory:", "--set", "storage.url=sqlite:set.db"];
    assert_eq!(url(&environment, &all), "sqlite:set.db");
    let merged = shown(at, &[], &["--set", "retention.max_events=5", "--set", "http.allowed_hosts=[\"a\"]"]);
    assert_eq!(merged["storage"]["tries"].as_integer(), Some(9), "other keys of the section stay");
    assert_eq!(merged["retention"]["max_events"].as_integer(), Some(5));
    assert_eq!(merged["http"]["allowed_hosts"][0].as_str(), Some("a"));
    assert_eq!(shown(at, &[("WEIR_LOG", "debug")], &[])["log"]["level"].as_str(), Some("debug"));
}

#[test]
fn parts_of_a_whole_may_come_from_several_sources() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [("WEIR_HTTP__TLS__CERTIFICATE", "c.pem")];
    let whole = shown(folder.path(), &environment, &["--set", "http.tls.key=k.pem"]);
    assert_eq!(whole["http"]["tls"]["key"].as_str(), Some("k.pem"));
    let half = run_in(folder.path(), &environment, &["config"]);
    assert_eq!(half.code, Some(2));
    assert!(half.stderr.contains("http.tls") && half.stderr.contains("key"), "{half:?}");
}

#[test]
fn stream_rules_are_a_list_that_a_later_source_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[[stream]]\nname = 'orders'\nprefix = '/orders'\n[[stream]]\nname = 'rest'\nspread = 2";
    std::fs::write(folder.path().join("weir.toml"), file).unwrap();
    let names = |environment: &[(&str, &str)], arguments: &[&str]| {
        let shown = shown(folder.path(), environment, arguments);
        let rules = shown["stream"].as_array().unwrap().clone();
        rules.iter().map(|rule| rule["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&[], &[]), ["orders", "rest"]);
    let environment = [("WEIR_STREAM", "[{ name = \"env\", spread = 4 }]")];
    assert_eq!(names(&environment, &[]), ["env"]);
    let set = ["--set", "stream=[{ name = \"set\", prefix = \"/set\" }]"];
    assert_eq!(names(&environment, &set), ["set"]);
}

#[test]
fn secrets_are_masked() {
    let folder = tempfile::tempdir().unwrap();
    let hash = "ab".repeat(32);
    let file = format!("[[auth.tokens]]\nname = 'a'\nsha256 = '{hash}'\npublish = ['/**']");
    std::fs::write(folder.path().join("weir.toml"), file).unwrap();
    let ran = run_in(folder.path(), &[], &["config", "--storage", "redis://user:hunter2@host/0"]);
    let text = ran.done();
    assert!(!text.contains("hunter2") && !text.contains(&hash), "{text}");
    assert!(text.contains("redis://user:***@host/0") && text.contains("name = \"a\""), "{text}");
}

#[test]
fn the_sample_can_be_used_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let defaults = shown(folder.path(), &[], &[]);
    let sample = run_in(folder.path(), &[], &["config", "--sample"]).done();
    std::fs::write(folder.path().join("weir.toml"), &sample).unwrap();
    assert_eq!(shown(folder.path(), &[], &[]), defaults);
}

/// What is given, and the words that the one sentence must have.
type Bad = (&'static [(&'static str, &'static str)], &'static [&'static str], &'static [&'static str]);

const BAD: &[Bad] = &[
    (&[], &["--set", "http.adress=1"], &["--set http.adress", "`http.adress` is not known"]),
    (&[], &["--set", "nonsense.key=1"], &["--set nonsense.key", "`nonsense` is not known"]),
    (&[], &["--set", "http.listen"], &["key.path=value"]),
    (&[], &["--set", "http..listen=1"], &["key.path=value"]),
    (&[], &["--set", "limits.max_event_bytes=many"], &["--set", "limits.max_event_bytes", "many"]),
    (&[], &["--set", "limits.max_event_bytes=0"], &["limits.max_event_bytes", "from 1 to"]),
    (&[], &["--set", "limits.max_page_events=-1"], &["limits.max_page_events"]),
    (&[], &["--set", "storage.requires=steel"], &["storage.requires", "steel", "disk"]),
    (
        &[("WEIR_RETENTION__MAX_AGE_SECONDS", "1")],
        &[],
        &["WEIR_RETENTION__MAX_AGE_SECONDS", "`retention.max_age_seconds` is not known"],
    ),
    (&[], &["--set", "retention.max_age=2 fortnights"], &["retention.max_age", "2 fortnights", "\"7d\""]),
    (&[], &["--set", "retention.max_age=-1"], &["retention.max_age", "-1"]),
    (&[], &["--set", "http.drain=0"], &["--set http.drain", "http.drain is 0ns"]),
    (&[], &["--set", "sse.heartbeat=500ms"], &["`sse.heartbeat` is from 1s to 3600s, not 500ms"]),
    (&[], &["--set", "rse.idle_poll=2d"], &["`rse.idle_poll` is from 1s to 86400s, not 172800s"]),
    (&[], &["--set", "rse.sse.retry=1"], &["rse.sse"]),
    (&[], &["--set", "rse.mount=/elsewhere"], &["rse.mount", "/elsewhere", "off"]),
    (&[], &["--set", "limits.recheck=2h"], &["`limits.recheck` is from 0ns to 3600s, not 7200s"]),
    (&[], &["--set", "broker.poll=1ms"], &["`broker.poll` is from 10ms to 60s, not 1ms"]),
    (&[], &["--set", "stream=[{ name = \"a\" }]"], &["--set stream", "`stream`: the rule a has either"]),
    (
        &[("WEIR_STREAM", "[{ name = \"a\", spread = 2000 }]")],
        &[],
        &["WEIR_STREAM", "`stream`: ", "1 to 1024 streams, not over 2000"],
    ),
    (&[], &["--set", "stream=[{ name = \"a\", prefx = \"/a\" }]"], &["--set stream", "prefx", "not known"]),
    (&[("WEIR_STORAGE_URL", "memory:")], &[], &["WEIR_STORAGE_URL", "WEIR_STORAGE__URL"]),
    (&[("WEIR_HTTP__LISTEN", "nowhere")], &[], &["WEIR_HTTP__LISTEN", "http.listen"]),
    (&[], &["--http", "localhost"], &["--http", "http.listen"]),
    (&[], &["--config", "nowhere.toml"], &["nowhere.toml", "cannot be read"]),
    (&[], &["--config", "broken.toml"], &["broken.toml line 2", "not TOML"]),
    (&[], &["--config", "unknown.toml"], &["unknown.toml", "`broker.speed` is not known"]),
    (&[], &["--storage", "postgres://u:hunter2@h/db"], &["storage.url", "postgres", "memory, ", "sqlite"]),
    (&[], &["--storage", "events.db"], &["storage.url", "events.db", "memory, ", "sqlite"]),
    (&[], &["--storage", "memory:x"], &["storage.url", "memory:"]),
    (&[], &["--storage", "memory:?max_bytes=1G"], &["storage.url", "max_bytes", "1G"]),
    (&[], &["--storage", "hunter2@host:6379"], &["storage.url", "no scheme"]),
    (&[], &["--storage", "sqlite:a/b/c.db"], &["storage.url", "a/b"]),
    (&[], &["--storage", "sqlite:e.db?sync=off"], &["storage.url", "sync"]),
    (&[], &["--storage", "sqlite:foreign.db"], &["storage.url", "foreign.db"]),
    (
        &[],
        &["--storage", "memory:", "--set", "storage.requires=disk"],
        &["`volatile`", "`disk`", "sqlite:PATH"],
    ),
    (
        &[],
        &["--storage", "sqlite:n.db?synchronous=normal", "--set", "storage.requires=disk"],
        &["`process`", "`disk`", "synchronous=full"],
    ),
    (&[], &["--storage", "sqlite:n.db", "--set", "storage.requires=replicated"], &["`disk`", "`replicated`"]),
    (&[], &["--log", "=loud="], &["log.level", "=loud="]),
    (&[], &["--log-format", "xml"], &["--log-format", "log.format", "xml"]),
    (&[], &["--tokens", "nowhere.toml"], &["nowhere.toml", "cannot be read"]),
    (&[], &["--tokens", "broken.toml"], &["broken.toml line 2"]),
    (&[], &["--set", "http.tls.certificate=no.pem", "--set", "http.tls.key=no.key"], &["no.pem"]),
    (&[], &["--set", "http.tls.certificate=broken.toml", "--set", "http.tls.key=no.key"], &["broken.toml"]),
];

#[test]
fn what_cannot_be_used_stops_the_start_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.toml"), "[http]\nlisten = ").unwrap();
    std::fs::write(folder.path().join("unknown.toml"), "[broker]\nspeed = 9").unwrap();
    std::fs::write(folder.path().join("foreign.db"), "this is no database, it is a letter to a friend")
        .unwrap();
    for (environment, arguments, words) in BAD {
        let arguments = [&["serve"], *arguments].concat();
        let Ran { code, stdout, stderr } = run_in(folder.path(), environment, &arguments);
        let given = format!("{environment:?} {arguments:?} gave {stderr}");
        assert_eq!(code, Some(2), "{given}");
        assert_eq!(stdout, "", "{given}");
        let sentence = stderr.lines().last().unwrap_or_default();
        assert!(sentence.starts_with("weir: "), "{given}");
        assert_eq!(stderr.lines().filter(|line| line.starts_with("weir: ")).count(), 1, "{given}");
        assert!(!stderr.contains("panicked") && !stderr.contains("hunter2"), "{given}");
        words.iter().for_each(|word| assert!(sentence.contains(word), "{word:?} is missing: {given}"));
    }
}
