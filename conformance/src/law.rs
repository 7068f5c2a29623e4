//! The names of the laws.

use std::fmt;

/// Names a law of [`Storage`](eventweir::Storage), whose documentation says each of them in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Law {
    /// Sequences rise in commit order, without holes, and are never used twice.
    Order,
    /// Once a sequence was shown, nothing at or below it appears later.
    Visibility,
    /// A page holds everything that is selected, and nothing else.
    NoMiss,
    /// What a reader missed is told.
    Told,
    /// A repeated id has no second effect, and a reader sees no sequence twice.
    NoDuplicate,
    /// A commit is all or nothing.
    Atomic,
    /// What was acknowledged survives what was promised.
    Durable,
    /// `Ok` and errors mean what they say.
    Honest,
    /// Cursors, records and expectations are compare-and-set.
    Cursor,
    /// A wake-up is a hint and nothing more.
    WakeUp,
    /// Nobody waits for a reader, calls keep to their limits, and streams share nothing.
    Isolation,
    /// All of them, by random scripts; a failure names the one that was broken.
    Every,
}

impl Law {
    /// Returns the name as the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Visibility => "visibility",
            Self::NoMiss => "no-miss",
            Self::Told => "told",
            Self::NoDuplicate => "no-duplicate",
            Self::Atomic => "atomic",
            Self::Durable => "durable",
            Self::Honest => "honest",
            Self::Cursor => "cursor",
            Self::WakeUp => "wake-up",
            Self::Isolation => "isolation",
            Self::Every => "every",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
