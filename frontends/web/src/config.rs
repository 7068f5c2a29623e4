//! What a web server is told: where to listen, whom to let in, and how much it may take of whom.

mod duration;

pub use duration::deserialize as deserialize_duration;

use crate::exposure::Permissions;
use eventweir::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Configures a [`WebServer`](crate::WebServer). Durations are numbers of seconds or text such as `"500ms"`, `"10s"`, `"5m"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WebConfig {
    /// Address to listen on; port 0 takes a free one. Default `127.0.0.1:7766`.
    pub listen: SocketAddr,
    /// Certificate and key; with them the server speaks HTTPS only. Default none.
    pub tls: Option<TlsConfig>,
    /// What an address beyond loopback may do without. Default nothing.
    pub insecure_listen: Permissions,
    /// Names, with or without a port, by which clients may call the server beside `localhost` and loopback addresses. When
    /// it is empty, a server on loopback accepts those alone, and any other accepts every name. Default empty.
    pub allowed_hosts: Vec<String>,
    /// Origins, such as `https://app.example.com`, whose web pages may use the server; `*` means all. Default none: pages of the
    /// server's own origin only, and no CORS.
    pub allowed_origins: Vec<String>,
    /// Greatest number of connections; one more is answered 503. Default 10,000.
    pub max_connections: usize,
    /// Greatest number of connections of one address (of one /64 network in IPv6); one more is answered 503. Default no limit
    /// of its own.
    pub max_connections_per_ip: Option<usize>,
    /// Greatest length of a request's line and headers in bytes, 1 KiB to 1 MiB; above it stands 431. Default 32 KiB.
    pub max_header_bytes: usize,
    /// Greatest number of headers, 1 to 1,000; above it stands 431. Default 100, which is also the fastest.
    pub max_headers: usize,
    /// Greatest length of a request's path and query in bytes; above it stands 414. Default 16 KiB.
    pub max_uri_bytes: usize,
    /// Greatest length of a request's body in bytes; above it stands 413. Resources may allow less. Default 16 MiB.
    pub max_body_bytes: u64,
    /// Time for the headers of a request to arrive, counted from its first byte; then stands 408. A new connection has as long
    /// for its TLS handshake, and as long again for its first byte; then it is closed. Default 10 s.
    #[serde(deserialize_with = "duration::deserialize")]
    pub header_timeout: Duration,
    /// Time without a byte of a body that is being read; then stands 408. Default 30 s.
    #[serde(deserialize_with = "duration::deserialize")]
    pub body_timeout: Duration,
    /// Time after which an unused connection is closed. Default 75 s.
    #[serde(deserialize_with = "duration::deserialize")]
    pub idle_timeout: Duration,
    /// Time without a byte taken by a client that an answer waits for; then the connection is cut. Default 60 s.
    #[serde(deserialize_with = "duration::deserialize")]
    pub write_timeout: Duration,
    /// Time for requests in flight to end after shutdown begins; then they are cut. Default 10 s.
    #[serde(deserialize_with = "duration::deserialize")]
    pub drain: Duration,
}

/// Names the files of a certificate chain and its private key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// File of the certificate chain, the server's own first.
    pub certificate: PathBuf,
    /// File of the private key.
    pub key: PathBuf,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7766)),
            tls: None,
            insecure_listen: Permissions::default(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            max_connections: 10_000,
            max_connections_per_ip: None,
            max_header_bytes: 32 << 10,
            max_headers: 100,
            max_uri_bytes: 16 << 10,
            max_body_bytes: 16 << 20,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(60),
            drain: Duration::from_secs(10),
        }
    }
}

impl WebConfig {
    /// Listens on an address, with the defaults for everything else.
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen, ..Self::default() }
    }
}

impl WebConfig {
    /// Checks what types cannot.
    pub(crate) fn check(&self) -> Result<()> {
        let ranges = [
            ("max_header_bytes", self.max_header_bytes, 1 << 10, 1 << 20),
            ("max_headers", self.max_headers, 1, 1000),
            ("max_connections", self.max_connections, 1, usize::MAX),
            ("max_connections_per_ip", self.max_connections_per_ip.unwrap_or(1), 1, usize::MAX),
        ];
        for (option, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                let sentence = format!("{option} is {value} and must be between {least} and {most}");
                return Err(Error::new(ErrorKind::Config, sentence));
            }
        }
        Ok(())
    }
}
