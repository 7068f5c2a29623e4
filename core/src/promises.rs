//! What a storage driver promises, and what a composition may require of it.

use std::time::Duration;

/// States the guarantees of a storage driver as it is configured now.
///
/// The conformance suite holds a driver to them, and [`BrokerBuilder::requires`](crate::BrokerBuilder::requires) refuses a
/// composition that needs more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promises {
    /// What an acknowledged commit survives.
    pub durability: Durability,
    /// How long an append or a commit repeated with the same id is recognised.
    pub dedup: Dedup,
    /// How far other writers' commits wake this process.
    pub wakeup: WakeupReach,
    /// Whether other processes may write to the same store at the same time.
    pub writers: Writers,
}

impl Promises {
    /// Makes promises of a durability and a window of recognised ids, for one writing process that wakes itself.
    pub fn new(durability: Durability, dedup: Dedup) -> Self {
        Self { durability, dedup, wakeup: WakeupReach::Process, writers: Writers::One }
    }

    /// Sets how far wake-ups reach.
    pub fn with_wakeup(mut self, wakeup: WakeupReach) -> Self {
        self.wakeup = wakeup;
        self
    }

    /// Sets whether several processes may write.
    pub fn with_writers(mut self, writers: Writers) -> Self {
        self.writers = writers;
        self
    }
}

/// Says what an acknowledged commit survives. Ordered: each one includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Durability {
    /// Nothing: it lives as long as the store's memory.
    Volatile,
    /// The end of the process, by `kill -9` too.
    Process,
    /// Loss of power: synced to the disk before the acknowledgement.
    Disk,
    /// Loss of a node: held by several nodes before the acknowledgement.
    Replicated,
}

impl Durability {
    /// Returns the name in lower case, as configuration and wires spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Volatile => "volatile",
            Self::Process => "process",
            Self::Disk => "disk",
            Self::Replicated => "replicated",
        }
    }
}

/// Says how long a repeated id is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedup {
    /// Never: a repeated append makes a second event.
    None,
    /// While the event is retained, and for at least this long after it was appended even when it is not.
    Window(Duration),
    /// For as long as the stream lives.
    Forever,
}

/// Says how far a commit's wake-up reaches. A wake-up is a hint: delivery never depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeupReach {
    /// Nobody is woken; readers poll.
    None,
    /// Readers in the process that committed are woken.
    Process,
    /// Readers of every process on the store are woken.
    Everywhere,
}

/// Says how many processes may write to one store at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// One; others are refused.
    One,
    /// Any number.
    Many,
}
