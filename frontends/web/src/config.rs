//! What a web server is told: where to listen, whom to let in, and how much it may take of whom.

use crate::exposure::Permissions;
use eventweir::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Configures a [`WebServer`](crate::WebServer). Durations are written as [`eventweir::duration`] says; they are at least a
/// millisecond and at most a year.
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
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub header_timeout: Duration,
    /// Time without a byte of a body that is being read; then stands 408. Default 30 s.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub body_timeout: Duration,
    /// Time after which an unused connection is closed. Default 75 s.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub idle_timeout: Duration,
    /// Time without a byte taken by a client that an answer waits for; then the connection is cut. Default 60 s.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub write_timeout: Duration,
    /// Time for requests in flight to end after shutdown begins; then they are cut. Default 10 s.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
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

    /// Checks what types cannot: that numbers and durations are in their ranges.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), with a sentence that begins with the option.
    pub fn check(&self) -> Result<()> {
        let amounts = [
            ("max_header_bytes", self.max_header_bytes, 1 << 10, 1 << 20),
            ("max_headers", self.max_headers, 1, 1000),
            ("max_connections", self.max_connections, 1, usize::MAX),
            ("max_connections_per_ip", self.max_connections_per_ip.unwrap_or(1), 1, usize::MAX),
        ];
        let durations = [
            ("header_timeout", self.header_timeout, SHORTEST, YEAR),
            ("body_timeout", self.body_timeout, SHORTEST, YEAR),
            ("idle_timeout", self.idle_timeout, SHORTEST, YEAR),
            ("write_timeout", self.write_timeout, SHORTEST, YEAR),
            ("drain", self.drain, SHORTEST, YEAR),
        ];
        all_within(&amounts).and_then(|()| all_within(&durations))
    }
}

/// No time at all would refuse everybody.
const SHORTEST: Duration = Duration::from_millis(1);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Checks options against the least and the most that they may be.
fn all_within<T: PartialOrd + Debug>(options: &[(&str, T, T, T)]) -> Result<()> {
    match options.iter().find(|(_, value, least, most)| value < least || value > most) {
        Some((option, value, least, most)) => {
            let sentence = format!("{option} is {value:?} and must be between {least:?} and {most:?}");
            Err(Error::new(ErrorKind::Config, sentence))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_at_least_a_millisecond_and_at_most_a_year() {
        let check = |json: &str| serde_json::from_str::<WebConfig>(json).unwrap().check();
        for option in ["header_timeout", "body_timeout", "idle_timeout", "write_timeout", "drain"] {
            assert!(check(&format!("{{\"{option}\":\"365d\"}}")).is_ok(), "{option}");
            for beyond in ["0", "\"0ms\"", "\"366d\""] {
                let error = check(&format!("{{\"{option}\":{beyond}}}")).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Config);
                assert!(error.message().starts_with(option), "{error}");
            }
        }
    }

    #[test]
    fn amounts_are_in_their_ranges() {
        assert!(WebConfig::default().check().is_ok());
        let config = WebConfig { max_headers: 1001, ..WebConfig::default() };
        let sentence = "max_headers is 1001 and must be between 1 and 1000";
        assert_eq!(config.check().unwrap_err().message(), sentence);
    }
}
