//! A broker that is wrong in one thing is found, through its public API alone: a proxy mangles what a right broker answers.

use super::conformance;
use crate::support::Broker;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

#[test]
fn a_right_broker_behind_the_proxy_is_green() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &["--storage", "memory:"]);
    let ran = examine(&broker, |_| {});
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn an_event_that_a_page_lacks_is_found() {
    // No page shows it to anyone: it is lost.
    found("durable", |page| {
        let events = page["events"].as_array_mut().unwrap();
        if events.len() > 2 {
            events.remove(1);
        }
    });
}

#[test]
fn an_event_that_comes_twice_is_found() {
    found("no-duplicate", |page| {
        let events = page["events"].as_array_mut().unwrap();
        if events.len() > 2 {
            events.insert(1, events[1].clone());
        }
    });
}

#[test]
fn a_gap_that_is_hidden_is_found() {
    found("told", |page| {
        page.as_object_mut().unwrap().remove("gap");
    });
}

/// Holds that a proxy makes a right broker red, and that a failure names the law.
#[track_caller]
fn found(law: &str, mangle: impl Fn(&mut Value) + Clone + Send + 'static) {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &["--storage", "memory:"]);
    let ran = examine(&broker, mangle);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains(&format!("  law {law}: ")), "{ran:?}");
    assert!(ran.stdout.contains("  again: weir conformance --url "), "{ran:?}");
}

fn examine(broker: &Broker, mangle: impl Fn(&mut Value) + Clone + Send + 'static) -> crate::support::Ran {
    let url = format!("http://{}", mangling(broker.address, mangle));
    let folder = tempfile::tempdir().unwrap();
    let only =
        ["--only", "native polling::a_reader_sees_everything_in_order", "--only", "native polling::told"];
    conformance(folder.path(), &[&["--url", &url][..], &only].concat())
}

/// Passes requests on, one per connection, and mangles the pages that come back.
fn mangling(broker: SocketAddr, mangle: impl Fn(&mut Value) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let mangle = mangle.clone();
            // A connection that the suite cuts ends its thread by an error.
            std::thread::spawn(move || drop(pass(client, broker, &mangle)));
        }
    });
    address
}

fn pass(mut client: TcpStream, broker: SocketAddr, mangle: &impl Fn(&mut Value)) -> std::io::Result<()> {
    let request = message(&mut BufReader::new(client.try_clone()?))?;
    let mut upstream = TcpStream::connect(broker)?;
    upstream.write_all(&request)?;
    let (head, body) = split(&message(&mut BufReader::new(upstream))?);
    let body = match serde_json::from_slice::<Value>(&body) {
        Ok(mut page) if page.get("events").is_some() && page.get("more").is_some() => {
            mangle(&mut page);
            page.to_string().into_bytes()
        }
        _ => body,
    };
    let kept = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        !["content-length", "connection", "transfer-encoding"].contains(&name.as_str())
    });
    let head: String = kept.map(|line| format!("{line}\r\n")).collect();
    let length = format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    client.write_all(&[head.as_bytes(), length.as_bytes(), &body].concat())
}

/// Reads a request or an answer of known length, whole.
fn message(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let (mut whole, mut length) = (Vec::new(), 0);
    loop {
        let before = whole.len();
        if reader.read_until(b'\n', &mut whole)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&whole[before..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let head = whole.len();
    whole.resize(head + length, 0);
    reader.read_exact(&mut whole[head..])?;
    Ok(whole)
}

fn split(message: &[u8]) -> (String, Vec<u8>) {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8(message[..end].to_vec()).unwrap(), message[end + 4..].to_vec())
}
