//! The names by which a server may be called.

use std::fmt;
use std::net::IpAddr;

/// Says which names are the server's.
#[derive(Clone, Debug)]
pub(super) struct HostRules {
    /// Whether a name that is not listed may be the server's: names of a server beyond loopback are its network's business.
    any: bool,
    /// In lower case, some with a port.
    listed: Vec<String>,
}

impl HostRules {
    pub(super) fn new(loopback: bool, listed: &[String]) -> Self {
        let listed: Vec<_> = listed.iter().map(|host| host.to_ascii_lowercase()).collect();
        Self { any: !loopback && listed.is_empty(), listed }
    }

    pub(super) fn allow(&self, name: &Name<'_>) -> bool {
        self.any || name.is_loopback() || self.listed.iter().any(|listed| name.is(listed))
    }
}

/// A host and perhaps a port, as in a `Host` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    text: &'a str,
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> Name<'a> {
    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let host_end = match text.strip_prefix('[') {
            Some(rest) => rest.find(']')? + 2,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at(host_end);
        let port = match rest {
            "" => None,
            _ => Some(rest.strip_prefix(':').filter(|port| is_port(port))?),
        };
        (is_host(host)).then_some(Self { text, host, port })
    }

    fn is_loopback(&self) -> bool {
        let address = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "127.0.0.1"
            || self.host.eq_ignore_ascii_case("localhost")
            || address.parse().is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback())
    }

    /// Compares with a listed name, in lower case; one without a port means every port.
    fn is(&self, listed: &str) -> bool {
        self.host.eq_ignore_ascii_case(listed) || self.text.eq_ignore_ascii_case(listed)
    }

    /// Returns whether pages of an origin were loaded from this very server. A server that does not encrypt may stand behind a
    /// proxy that does; one that does encrypt is not the same origin as one of the same name that does not.
    pub(super) fn is_origin(&self, origin: &str, secure: bool) -> bool {
        let (rest, default_port) = match origin.split_once("://") {
            Some(("https", rest)) => (rest, "443"),
            Some(("http", rest)) if !secure => (rest, "80"),
            _ => return false,
        };
        Name::parse(rest.as_bytes()).is_some_and(|name| {
            name.host.eq_ignore_ascii_case(self.host)
                && name.port.unwrap_or(default_port) == self.port.unwrap_or(default_port)
        })
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_host(host: &str) -> bool {
    let bracketed = host.starts_with('[');
    !host.is_empty()
        && host.len() <= 255
        && host.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'.' | b'-' | b'_')
                || (bracketed && matches!(byte, b'[' | b']' | b':'))
        })
}
