//! Starting, saying where, and stopping.

use crate::support::{Broker, Request, Stopping, run_in, wait_until};
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn the_first_line_says_where_and_the_store_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &[]);
    assert_ne!(broker.address.port(), 0);
    assert_eq!(broker.publish("/a", "one"), 1);
    assert!(folder.path().join("weir-data/events.db").exists());
    assert!(broker.log().contains("durability disk"), "{}", broker.log());
}

#[test]
fn events_outlive_a_polite_end_and_the_sequence_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path(), &[]);
    broker.publish("/a", "one");
    broker.signal(Stopping::Politely);
    assert_eq!(broker.wait().code(), Some(0), "{}", broker.log());
    let broker = Broker::start(folder.path(), &[]);
    assert_eq!(broker.publish("/a", "two"), 2);
}

#[test]
fn rules_put_channels_into_streams_and_the_start_warns_of_what_they_leave_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path(), &[]);
    broker.publish("/orders/eu", "before");
    broker.signal(Stopping::Politely);
    assert_eq!(broker.wait().code(), Some(0), "{}", broker.log());
    let file = "[[stream]]\nname = 'orders'\nprefix = '/orders'";
    std::fs::write(folder.path().join("weir.toml"), file).unwrap();
    let broker = Broker::start(folder.path(), &[]);
    wait_until("the start warns", || {
        broker.log().contains("the stream main has events of /orders/eu, which the rules put into orders")
    });
    // Another stream, with sequences of its own.
    assert_eq!(broker.publish("/orders/eu", "after"), 1);
    let read = |path: &str| Request::get(path).send(broker.address).unwrap().json();
    let events = |path: &str| read(path)["events"].as_array().unwrap().len();
    assert_eq!(events("/v1/events/orders/eu"), 1);
    assert_eq!(events("/v1/events/orders/eu?stream=main"), 1);
    let refused = Request::get("/v1/events").send(broker.address).unwrap();
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("main and orders"), "{}", refused.text());
}

#[test]
fn a_poll_in_flight_is_answered_at_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path(), &["--storage", "memory:"]);
    let (address, answered) = (broker.address, Arc::new(AtomicBool::new(false)));
    let done = answered.clone();
    let poll = std::thread::spawn(move || {
        let answer = Request::get("/v1/events/a?wait=50").send(address);
        done.store(true, Ordering::SeqCst);
        answer
    });
    // It looks once before it waits.
    wait_until("the poll waits", || {
        let metrics = Request::get("/metrics").send(broker.address).unwrap().text();
        metrics.contains("eventweir_reads_total{from=\"storage\"} 1")
    });
    assert!(!answered.load(Ordering::SeqCst));
    broker.signal(Stopping::Politely);
    let answer = poll.join().unwrap().unwrap();
    assert!(matches!(answer.status, 200 | 503), "{} {}", answer.status, answer.text());
    assert_eq!(broker.wait().code(), Some(0), "{}", broker.log());
}

#[test]
fn a_second_broker_on_the_same_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &[]);
    let second = run_in(folder.path(), &[], &["serve", "--http", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(2), "{second:?}");
    let sentence = last_line(&second.stderr);
    assert!(sentence.starts_with("weir: ") && sentence.contains("events.db"), "{sentence}");
    assert_eq!(second.stdout, "", "it must not say that it is ready");
    assert_eq!(broker.publish("/a", "still here"), 1);
}

#[test]
fn a_port_that_is_taken_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &["--storage", "memory:"]);
    let listen = broker.address.to_string();
    let second = run_in(folder.path(), &[], &["serve", "--storage", "memory:", "--http", &listen]);
    assert_eq!(second.code, Some(2), "{second:?}");
    assert!(last_line(&second.stderr).contains(&listen), "{}", second.stderr);
}

#[test]
fn no_command_serves_and_a_closed_stdout_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shell = "exec \"$0\" --storage memory: --http 127.0.0.1:0 >&- 2>log";
    let mut child = Command::new("sh")
        .args(["-c", shell, env!("CARGO_BIN_EXE_weir")])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    wait_until("the broker is ready", || log().contains("ready"));
    let url = log().split("url=http://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let health = Request::get("/health").send(url.parse().unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(health.unwrap().status, 200);
}

#[test]
fn logs_are_json_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &["--storage", "memory:", "--log-format", "json"]);
    wait_until("something is logged", || broker.log().contains("ready"));
    for line in broker.log().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "INFO");
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path(), &["--storage", "memory:", "--set", "http.drain=600"]);
    // A request whose body never comes keeps the broker draining.
    let mut stuck = std::net::TcpStream::connect(broker.address).unwrap();
    let head =
        format!("POST /v1/events/a HTTP/1.1\r\nhost: {}\r\ncontent-length: 10\r\n\r\n", broker.address);
    std::io::Write::write_all(&mut stuck, head.as_bytes()).unwrap();
    stuck.set_read_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
    let _ = stuck.read(&mut [0; 1]);
    broker.signal(Stopping::Politely);
    wait_until("the shutdown began", || broker.log().contains("shutting down"));
    broker.signal(Stopping::Politely);
    assert_eq!(broker.wait().code(), Some(130));
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}
