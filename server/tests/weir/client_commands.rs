//! publish, tail, read, channels, consumers: against a running broker.

use crate::support::{Broker, Stopping, run_in, run_with_input, wait_until};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

struct Site {
    folder: TempDir,
    broker: Broker,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let broker = Broker::start(folder.path(), &["--storage", "memory:"]);
        Self { folder, broker }
    }

    fn run(&self, arguments: &[&str]) -> crate::support::Ran {
        run_in(self.folder.path(), &[("WEIR_URL", &self.broker.url)], arguments)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(arguments).done()).unwrap()
    }
}

#[test]
fn what_is_published_is_read_and_followed() {
    let site = Site::new();
    assert_eq!(site.run(&["publish", "/orders/eu", "{\"no\": 1}"]).done(), "published at 1\n");
    std::fs::write(site.folder.path().join("data"), b"\xff\x00").unwrap();
    assert_eq!(site.json(&["publish", "/orders/us", "@data", "--json"])["sequence"], 2);
    let env = [("WEIR_URL", site.broker.url.as_str())];
    let piped = run_with_input(site.folder.path(), &env, &["publish", "/other"], b"from stdin");
    assert_eq!(piped.done(), "published at 3\n");

    let page = site.json(&["read", "/orders", "--match", "subtree", "--json"]);
    let events = page["events"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["data"]["no"], 1);
    assert_eq!(events[1]["content_type"], "application/octet-stream");
    assert_eq!(events[1]["data_base64"], "/wA=");

    let text = site.run(&["read", "/**", "--desc", "--all", "--limit", "1"]).done();
    let sequences: Vec<_> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(sequences, ["3", "2", "1"]);
    assert!(text.starts_with("3 ") && text.lines().next().unwrap().ends_with(" /other from stdin"));

    let tailed = site.run(&["tail", "/orders/eu", "/other", "--from-start", "--count", "2", "--json"]).done();
    let tailed: Vec<Value> = tailed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&tailed[0]["sequence"], &tailed[1]["sequence"]), (&1.into(), &3.into()));
    let after = site.run(&["tail", "/**", "--after", "1", "--count", "1"]).done();
    assert!(after.starts_with("2 "), "{after}");
}

#[test]
fn the_same_id_is_one_event() {
    let site = Site::new();
    let publish = ["publish", "/a", "x", "--id", "order-3"];
    assert_eq!(site.run(&publish).done(), "published at 1\n");
    assert_eq!(site.run(&publish).done(), "published at 1, where it was already\n");
}

#[test]
fn an_expectation_that_does_not_hold_is_a_failure() {
    let site = Site::new();
    site.run(&["publish", "/a", "x", "--expect-head", "0"]).done();
    let second = ["publish", "/a", "x", "--expect-channel-head", "1", "--id", "second"];
    assert_eq!(site.run(&second).done(), "published at 2\n");
    // As after an answer that was lost: what it expects is no longer so, by its own doing.
    assert_eq!(site.json(&[&second[..], &["--json"]].concat())["sequence"], 2);
    let refused = site.run(&["publish", "/a", "x", "--expect-head", "1"]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
    assert!(refused.stderr.contains("412"), "{refused:?}");
}

#[test]
fn lines_are_events_in_order_and_publishing_them_again_adds_none() {
    let site = Site::new();
    let input: String = (0..2500).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let env = [("WEIR_URL", site.broker.url.as_str())];
    let arguments = ["publish", "/bulk", "--lines", "--id", "import", "--source", "me", "--json"];
    for duplicates in [0, 2500] {
        let ran = run_with_input(site.folder.path(), &env, &arguments, input.as_bytes());
        let tally: Value = serde_json::from_str(&ran.done()).unwrap();
        assert_eq!((&tally["events"], &tally["duplicates"]), (&2500.into(), &duplicates.into()));
        assert_eq!(tally["last"], 2500);
    }
    let text = site.run(&["read", "/bulk", "--all", "--limit", "1000"]).done();
    let read: Vec<_> = text.lines().map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(read, input.lines().collect::<Vec<_>>());
    let without_mine = site.run(&["read", "/bulk", "--except", "me"]).done();
    assert_eq!(without_mine, "");
}

#[test]
fn channels_are_listed_counted_and_deleted_and_readers_told() {
    let site = Site::new();
    for channel in ["/a", "/a/b", "/a/b", "/c"] {
        site.run(&["publish", channel, "x"]).done();
    }
    assert_eq!(site.run(&["channels"]).done(), "/a\t1\t1-1\n/a/b\t2\t2-3\n/c\t1\t4-4\n");
    assert_eq!(site.run(&["channels", "list", "subtree:/a", "--json"]).done().lines().count(), 2);
    assert_eq!(site.run(&["channels", "count"]).done(), "3 channels, 4 events\n");
    assert_eq!(site.json(&["channels", "delete", "/a/b", "--json"])["removed"], 2);
    let told = site.run(&["read", "/a", "--match", "subtree", "--after", "1"]);
    assert!(told.stderr.contains("gap"), "{told:?}");
}

#[test]
fn consumers_are_kept() {
    let site = Site::new();
    site.run(&["publish", "/a", "x"]).done();
    site.run(&["publish", "/a", "y"]).done();
    assert_eq!(site.json(&["consumers", "set", "billing", "1", "--json"])["sequence"], 1);
    assert_eq!(site.run(&["consumers", "set", "billing", "1"]).code, Some(1), "it exists already");
    site.run(&["consumers", "set", "billing", "2", "--expect", "1"]).done();
    assert_eq!(site.run(&["consumers", "set", "billing", "1", "--expect", "2"]).code, Some(1), "never back");
    assert!(site.run(&["consumers"]).done().starts_with("billing\t2\t"));
    site.run(&["consumers", "set", "billing", "0", "--force"]).done();
    assert_eq!(site.json(&["consumers", "show", "billing", "--json"])["sequence"], 0);
    site.run(&["consumers", "delete", "billing"]).done();
    assert_eq!(site.run(&["consumers", "show", "billing"]).code, Some(1));
}

#[test]
fn tail_goes_on_when_the_broker_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path(), &[]);
    let listen = broker.address.to_string();
    let mut tail =
        follow(folder.path(), &broker.url, &["tail", "/a", "--json", "--from-start", "--count", "4"]);
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next =
        || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()["sequence"].clone();
    broker.publish("/a", "1");
    broker.publish("/a", "2");
    assert_eq!((next(), next()), (1.into(), 2.into()));
    broker.kill();
    let broker = Broker::start_at(folder.path(), &listen, &[]);
    broker.publish("/a", "3");
    broker.publish("/a", "4");
    assert_eq!((next(), next()), (3.into(), 4.into()));
    assert!(tail.wait().unwrap().success());
}

#[test]
fn publish_waits_for_a_broker_that_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path(), &[]);
    let (listen, url) = (broker.address.to_string(), broker.url.clone());
    broker.kill();
    let mut publish = follow(folder.path(), &url, &["publish", "/a", "patient"]);
    let broker = Broker::start_at(folder.path(), &listen, &[]);
    assert!(publish.wait().unwrap().success());
    assert_eq!(broker.publish("/a", "next"), 2);
}

#[test]
fn a_reader_that_leaves_ends_the_command_quietly() {
    let site = Site::new();
    let many: String = (0..3000).map(|n| format!("{n} {}\n", "x".repeat(100))).collect();
    let env = [("WEIR_URL", site.broker.url.as_str())];
    run_with_input(site.folder.path(), &env, &["publish", "/a", "--lines"], many.as_bytes()).done();
    for command in ["read /a --all", "tail /a --from-start", "config --sample"] {
        let script = format!("\"$0\" {command} 2>err | head -n 1; printf '%s' \"${{PIPESTATUS[0]}}\" >code");
        let status = Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_weir")])
            .env("WEIR_URL", &site.broker.url)
            .current_dir(site.folder.path())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        let written = |name: &str| std::fs::read_to_string(site.folder.path().join(name)).unwrap();
        assert_eq!(
            (written("code").as_str(), written("err").contains("panicked")),
            ("0", false),
            "{command}"
        );
    }
}

#[test]
fn failures_are_one_line_and_told_apart_by_the_exit_code() {
    let site = Site::new();
    for (arguments, code, words) in [
        (&["publish", "no-slash", "x"][..], 2, "no channel"),
        (&["publish", "/a", "@nowhere"], 2, "nowhere"),
        (&["publish", "/a", "{", "--content-type", "application/json"], 1, "JSON"),
        (&["read", "/a", "--after", "yesterday"], 1, "400"),
        (&["read", "/a", "--url", "ftp://x"], 2, "http://"),
        (&["read", "/a", "--url", "http://127.0.0.1:1", "--retry", "0"], 1, "cannot be reached"),
        (&["read", "/a", "--ca", "nowhere.pem"], 2, "nowhere.pem"),
        (&["consumers", "show", "nobody"], 1, "404"),
        (&["channels", "delete", "/"], 2, "no channel"),
    ] {
        let ran = site.run(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?} {ran:?}");
        assert!(ran.stderr.starts_with("weir: ") && ran.stderr.contains(words), "{arguments:?} {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{arguments:?} {ran:?}");
    }
    assert_eq!(site.run(&["publish"]).code, Some(2), "a missing argument");
    assert_eq!(site.run(&["bogus"]).code, Some(2), "an unknown command");
}

#[test]
fn tail_ends_when_the_broker_stays_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path(), &["--storage", "memory:"]);
    let mut tail = follow(folder.path(), &broker.url, &["tail", "/a", "--retry", "1"]);
    wait_until("the tail is there", || {
        let metrics = crate::support::Request::get("/metrics").send(broker.address).unwrap().text();
        metrics
            .lines()
            .any(|line| !line.starts_with('#') && line.contains("subscriptions") && line.ends_with(" 1"))
    });
    broker.signal(Stopping::AtOnce);
    broker.wait();
    assert_eq!(tail.wait().unwrap().code(), Some(1));
}

fn follow(folder: &Path, url: &str, arguments: &[&str]) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(arguments)
        .env("WEIR_URL", url)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
