//! Readers that go on from where they were, each in its protocol's way.

use super::{SENTINEL, Scene, Seen, persist};
use crate::support::{EventStream, Request};
use serde_json::Value;
use std::thread::JoinHandle;

const SELECTION: &str = "/v1/events?channel=subtree:/kill";

/// Reads everything from the beginning to the sentinel.
pub(super) type Reader = JoinHandle<Vec<Seen>>;

pub(super) fn start_all(scene: &Scene) -> Vec<(&'static str, Reader)> {
    let start = |read: fn(&Scene) -> Vec<Seen>| {
        let scene = scene.clone();
        std::thread::spawn(move || read(&scene))
    };
    vec![
        ("an event stream", start(follow)),
        ("another event stream", start(follow)),
        ("a poller", start(|scene| poll(scene, 5))),
        ("a poller with small pages", start(|scene| poll(scene, 0))),
        ("a client of RSE", start(poll_rse)),
    ]
}

/// Reads the whole log at the end.
pub(super) fn read_log(scene: &Scene) -> Vec<Seen> {
    poll(scene, 0)
}

/// Follows by SSE, and after each cut resumes at the last whole frame.
fn follow(scene: &Scene) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut last_id: Option<String> = None;
    loop {
        let path = format!("{SELECTION}&after=earliest");
        let mut stream = persist("connecting a stream", || {
            EventStream::open(scene.address(), &path, &[], last_id.as_deref()).ok()
        });
        while let Ok(frame) = stream.frame() {
            assert!(frame.name.is_empty(), "told {frame:?}");
            last_id = frame.id.or(last_id);
            if let Some(data) = frame.data {
                seen.push(event(&serde_json::from_str(&data).unwrap(), "sequence"));
                if ended(&seen) {
                    return seen;
                }
            }
        }
    }
}

/// Polls by position; with `wait` 0 in small pages.
fn poll(scene: &Scene, wait: u64) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut position = "earliest".to_owned();
    while !ended(&seen) {
        let how = if wait == 0 { "limit=7".to_owned() } else { format!("wait={wait}") };
        let request = Request::get(&format!("{SELECTION}&after={position}&{how}"));
        let page = persist("polling", || match request.send(scene.address()).ok()? {
            answer if answer.status == 200 => Some(answer.json()),
            answer if answer.status == 503 => None,
            answer => panic!("{} {}", answer.status, answer.text()),
        });
        assert!(page.get("gap").is_none() && page.get("reset").is_none(), "told {page}");
        seen.extend(page["events"].as_array().unwrap().iter().map(|one| event(one, "sequence")));
        position = page["position"].as_str().unwrap().to_owned();
    }
    seen
}

/// Polls as RSE says: the greatest id seen is the next cursor.
fn poll_rse(scene: &Scene) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    while !ended(&seen) {
        let cursor = seen.last().map_or(0, |last| last.sequence);
        let path = format!("/rse/kill?events=all&echo=true&max-events=50&last-known-id={cursor}");
        let request =
            Request::get(&path).with("user-agent", "test/1.0 uuid/1b671a64-40d5-491e-99b0-da01ff1f3341");
        let answer = persist("polling by RSE", || {
            request.send(scene.address()).ok().filter(|answer| answer.status != 503)
        });
        match answer.status {
            200 => {
                let page = answer.json();
                seen.extend(page["events"].as_array().unwrap().iter().map(|one| event(one, "id")));
            }
            204 => {}
            _ => panic!("{} {}", answer.status, answer.text()),
        }
    }
    seen
}

fn event(event: &Value, sequence: &str) -> Seen {
    Seen { sequence: event[sequence].as_u64().unwrap(), data: event["data"].to_string() }
}

fn ended(seen: &[Seen]) -> bool {
    seen.last().is_some_and(|last| last.data == SENTINEL)
}
