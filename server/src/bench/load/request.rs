//! Requests, ready to be sent.

use std::net::SocketAddr;

/// RSE wants to know who asks.
const AGENT: &str = "weir-bench uuid/1b671a64-40d5-491e-99b0-da01ff1f3341";

/// Makes a GET.
pub(in crate::bench) fn get(address: SocketAddr, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {AGENT}\r\n\r\n").into_bytes()
}

/// Makes a GET of an event stream.
pub(in crate::bench) fn subscribe(address: SocketAddr, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n").into_bytes()
}

/// Makes a POST.
pub(in crate::bench) fn post(address: SocketAddr, path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
