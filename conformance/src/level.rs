//! Where the laws are checked.

use std::fmt;

/// Names what stands between a client of the suite and the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Nothing: the driver itself.
    Storage,
    /// A broker in this process.
    Broker,
    /// Two brokers over one store, in this process.
    Brokers,
    /// A broker, a connection that may be cut, and a protocol.
    Wire,
    /// Several brokers over one store, each behind connections that may be cut, and a protocol whose clients go from one broker to
    /// another.
    Wires,
}

impl Level {
    /// Returns the name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::Broker => "broker",
            Self::Brokers => "brokers",
            Self::Wire => "wire",
            Self::Wires => "wires",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
