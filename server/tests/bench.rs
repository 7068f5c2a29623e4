//! `weir bench`, as it is called.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by panicking")]

use rustix::process::{Pid, Signal};
use serde_json::Value;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn bench(arguments: &[&str]) -> Output {
    let weir = env!("CARGO_BIN_EXE_weir");
    Command::new(weir).arg("bench").args(arguments).output().unwrap()
}

fn figures(arguments: &[&str]) -> Vec<Value> {
    let output = bench(&[arguments, &["--seconds", "0.2", "--rounds", "1", "--json", "--quick"]].concat());
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr, "", "a bar is for terminals");
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn assert_valid(figure: &Value) {
    let number = |key: &str| figure[key].as_f64().unwrap_or_else(|| panic!("{key} in {figure}"));
    assert!(number("value") > 0.0 && number("bare") > 0.0, "{figure}");
    let ratio = number("value") / number("bare");
    assert!((number("ratio") - ratio).abs() < 1e-9, "{figure}");
    for latency in [&figure["latency_us"], &figure["bare_latency_us"]].into_iter().filter(|l| !l.is_null()) {
        let all = ["p50", "p99", "p99.9", "max"].map(|key| latency[key].as_f64().unwrap());
        assert!(all.is_sorted() && latency["count"].as_u64().unwrap() > 0, "{figure}");
    }
    for condition in ["loop", "payload", "seconds", "rounds", "cores", "files", "load_average"] {
        assert!(figure["conditions"][condition].is_string(), "{condition} in {figure}");
    }
}

#[test]
fn publishing_in_process_gives_figures() {
    let figures = figures(&["memory-publish"]);
    let names: Vec<_> = figures.iter().map(|figure| figure["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["memory-publish.1", "memory-publish.64", "memory-publish.256"]);
    figures.iter().for_each(assert_valid);
    assert_eq!(figures[0]["conditions"]["loop"], "closed");
}

#[test]
fn an_open_loop_has_the_rate_that_was_asked_for() {
    let figures = figures(&["memory-publish", "--rate", "500"]);
    for figure in &figures {
        assert_valid(figure);
        assert_eq!(figure["conditions"]["loop"], "open,500/s");
        assert!(figure["value"].as_f64().unwrap() <= 550.0, "{figure}");
        assert_eq!(figure["latency_us"]["count"], 100, "{figure}");
    }
}

#[test]
fn servers_under_test_are_started_and_measured() {
    let scenarios = [
        "http-poll",
        "http-publish-memory",
        "http-publish-sqlite",
        "sse-fanout",
        "sparse-read",
        "commit-batch",
    ];
    let figures = figures(&scenarios);
    figures.iter().for_each(assert_valid);
    let of = |name: &str| figures.iter().find(|figure| figure["name"] == name).unwrap();
    assert_eq!(of("http-poll.rse")["target"], 0.7);
    assert_eq!(of("http-publish-sqlite")["conditions"]["synchronous"], "full");
    assert!(of("sse-fanout.100.gathered")["target"].is_null());
}

#[test]
fn redis_and_mongodb_are_started_and_measured() {
    let figures = figures(&["redis-publish", "redis-batch", "redis-read", "redis-sparse-read", "redis-seen"]);
    figures.iter().for_each(assert_valid);
    let of = |name: &str| figures.iter().find(|figure| figure["name"] == name).unwrap();
    assert_eq!(of("redis-publish.64")["target"], 0.9);
    assert_eq!(of("redis-publish-always.64")["conditions"]["appendonly"], "yes,appendfsync=always");
    assert!(of("redis-publish.64.script16")["target"].is_null());
    let figures = self::figures(&["mongo-publish", "mongo-read"]);
    figures.iter().for_each(assert_valid);
    assert_eq!(figures[1]["target"], 20.0);
}

#[test]
fn what_cannot_be_reached_is_said() {
    for (option, scenario) in
        [("--redis=redis://127.0.0.1:1", "redis-publish"), ("--redis=no-url", "redis-read")]
    {
        let refused = bench(&[scenario, option, "--seconds", "0.1", "--rounds", "1"]);
        assert!(!refused.status.success());
        assert!(!refused.stderr.is_empty());
    }
}

#[test]
fn memory_of_event_streams_is_measured() {
    let figures = figures(&["sse-idle"]);
    figures.iter().for_each(assert_valid);
    assert_eq!(figures[0]["unit"], "bytes/stream");
}

#[test]
fn scenarios_are_listed_and_unknown_ones_refused() {
    let listed = bench(&["--list"]);
    let stdout = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(stdout.lines().count(), 17);
    let refused = bench(&["no-such"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("sqlite-publish"));
    assert_eq!(bench(&["--seconds", "0"]).status.code(), Some(2));
}

#[test]
fn a_run_that_is_ended_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["bench", "http-publish-memory", "--seconds", "300", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let server = wait_for(|| child_of(run.id()));
    rustix::process::kill_process(Pid::from_child(&run), Signal::TERM).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
    wait_for(|| (!is_alive(server)).then_some(()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "nothing came of it within a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn child_of(parent: u32) -> Option<u32> {
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).ok()?;
    threads.flatten().find_map(|thread| {
        let children = std::fs::read_to_string(thread.path().join("children")).ok()?;
        children.split_ascii_whitespace().next()?.parse().ok()
    })
}

/// A process that has ended and that nobody waited for is not alive.
fn is_alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
