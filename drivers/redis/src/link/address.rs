//! Where a server listens.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// Reads `HOST:PORT`, or `HOST` where there is a port to fall back to. An IPv6 address is in brackets when a port follows.
    pub(super) fn parse(text: &str, port: Option<u16>) -> Option<Self> {
        if let Some(rest) = text.strip_prefix('[') {
            let (host, after) = rest.split_once(']')?;
            let port = if after.is_empty() { port? } else { number(after.strip_prefix(':')?)? };
            return Self::new(host, port);
        }
        match text.rsplit_once(':') {
            // Redis writes IPv6 addresses without brackets: the last colon is the port's.
            Some((host, given)) => Self::new(host, number(given)?),
            None => Self::new(text, port?),
        }
    }

    pub(super) fn new(host: &str, port: u16) -> Option<Self> {
        let plain =
            !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:%".contains(c));
        plain.then(|| Self { host: host.to_owned(), port })
    }
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}
