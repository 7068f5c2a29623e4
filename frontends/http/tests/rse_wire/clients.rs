//! Clients that we did not write: curl, and Python's own HTTP library.

use crate::support::{Server, Setup, TOKEN, tokens};
use std::process::Stdio;
use tokio::process::Command;

const PYTHON: &str = include_str!("client.py");

async fn guarded() -> Server {
    Setup::new().auth(tokens(&[("shop", TOKEN, "/**", "/**")])).mounted_at("/rse").start().await
}

async fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().await;
    let output = output.unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_publishes_and_polls() {
    let server = guarded().await;
    let url = format!("http://{}/rse/shop", server.address);
    let token = format!("X-Auth-Token: {TOKEN}");
    let common = ["--silent", "--show-error", "--max-time", "30", "--header", token.as_str()];
    let shop = ["--user-agent", crate::support::SHOP];
    let document = ["--data-binary", "[\"caf\u{e9}\"]", "--write-out", "%{http_code}", url.as_str()];
    assert_eq!(run("curl", &[&common[..], &shop, &document].concat()).await, "201");
    let panel = ["--user-agent", crate::support::PANEL];
    let polled = run("curl", &[&common[..], &panel, &["--compressed", &url]].concat()).await;
    assert!(polled.ends_with("\"data\":[\"caf\u{e9}\"]}]}"), "{polled}");
    let nothing = format!("{url}?last-known-id=1");
    let status = ["--write-out", "%{http_code}", nothing.as_str()];
    assert_eq!(run("curl", &[&common[..], &panel, &status].concat()).await, "204");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_client_keeps_its_connection_and_its_cursor() {
    let server = guarded().await;
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let said = run("python3", &["-c", PYTHON, &host, &port, TOKEN]).await;
    assert_eq!(said.trim(), "100 events, in order, over one connection");
}
