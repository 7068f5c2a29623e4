//! A running broker, examined by its public API alone.

use super::bad_input::refused;
use super::conformance;
use crate::support::{Broker, Ran, Request, run_in};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn a_good_broker_is_green_and_keeps_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &["--storage", "memory:"]);
    for number in 0..20 {
        broker.publish("/private", &number.to_string());
    }
    broker.publish("/conformance-of-somebody-else/x", "theirs");
    let look = |path: &str| Request::get(path).send(broker.address).unwrap().json();
    let before = [look("/v1/channels"), look("/v1/events?channel=/private&limit=100")["events"].clone()];
    let ran = conformance(folder.path(), &["--url", &broker.url, "--only", "no-miss", "--only", "told"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout
            .contains("skipped wire sse told::what_was_trimmed_is_told: its events are not the suite's")
    );
    let after = [look("/v1/channels"), look("/v1/events?channel=/private&limit=100")["events"].clone()];
    assert_eq!(before, after);
}

#[test]
fn what_is_no_broker_is_told_soon_and_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let html = answering("200 OK", "text/html", "<html>Welcome!</html>");
    let absent = answering("404 Not Found", "text/html", "<html>No</html>");
    let json = answering("200 OK", "application/json", r#"{"status":"fine"}"#);
    let moved = answering("302 Found\r\nlocation: http://127.0.0.1:1/", "text/plain", "");
    let endless = endless();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hanging_up = answering_with("");
    let table = [
        (format!("http://{closed}"), "cannot be reached"),
        ("http://no-such-host.invalid".to_owned(), "no-such-host.invalid"),
        (format!("http://{html}"), "does not answer as a broker does"),
        (format!("http://{absent}"), "404"),
        (format!("http://{json}"), "does not answer as a broker does"),
        (format!("http://{moved}"), "302"),
        (format!("http://{endless}"), "cannot be examined"),
        (format!("http://{}", silent.local_addr().unwrap()), "did not answer in time"),
        (format!("http://{hanging_up}"), "cannot be examined"),
        (format!("https://{html}"), "cannot be examined"),
        ("ftp://127.0.0.1/".to_owned(), "cannot be examined"),
        ("localhost:7766".to_owned(), "cannot be examined"),
        ("http://me:hunter2@127.0.0.1:1".to_owned(), "no user"),
        ("".to_owned(), "cannot be examined"),
    ];
    for (url, sentence) in table {
        let began = Instant::now();
        let ran = run_in(folder.path(), &[], &["conformance", "--url", &url]);
        assert!(began.elapsed() < Duration::from_secs(20), "{url}: {:?}", began.elapsed());
        refused(&ran, sentence);
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    }
}

#[test]
fn a_token_that_may_not_do_what_is_needed_is_told_before_anything_is_published() {
    let folder = tempfile::tempdir().unwrap();
    // The entry goes to stdout, the secret to stderr.
    let token = |arguments: &[&str]| run_in(folder.path(), &[], &[&["token"], arguments].concat());
    let (reader, admin) = (token(&["reader", "--read", "/**"]), token(&["admin", "--admin"]));
    std::fs::write(folder.path().join("tokens.toml"), [&*reader.stdout, &*admin.stdout].join("\n")).unwrap();
    let broker = Broker::start(folder.path(), &["--storage", "memory:", "--tokens", "tokens.toml"]);
    let examine = |token: &str| -> Ran {
        let arguments =
            ["conformance", "--url", &broker.url, "--only", "bytes_may_come_in_any_pieces", "--cases", "1"];
        run_in(folder.path(), &[("WEIR_TOKEN", token)], &arguments)
    };
    let nobody = run_in(folder.path(), &[], &["conformance", "--url", &broker.url]);
    refused(&nobody, "--token");
    refused(&examine("weir_wrong"), "--token");
    refused(&examine(reader.stderr.trim()), "may not remove channels");
    let ran = examine(admin.stderr.trim());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!format!("{ran:?}").contains(admin.stderr.trim()), "the token is not repeated");
}

#[test]
fn levels_below_the_wire_need_a_store() {
    let folder: &Path = &std::env::temp_dir();
    refused(
        &run_in(folder, &[], &["conformance", "--url", "http://127.0.0.1:1", "--level", "broker"]),
        "wire",
    );
}

/// Answers every request the same, until the test ends.
fn answering(status: &str, kind: &str, body: &str) -> std::net::SocketAddr {
    let length = body.len();
    answering_with(&format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
}

fn answering_with(answer: &str) -> std::net::SocketAddr {
    let (listener, answer) = (TcpListener::bind("127.0.0.1:0").unwrap(), answer.to_owned());
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

/// Never comes to the end of its answer.
fn endless() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
                while stream.write_all(b"1\r\n{\r\n").is_ok() {
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
        }
    });
    address
}
