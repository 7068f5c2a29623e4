//! The scenarios, by name.

mod embedded;
mod fan_out;
mod idle;
mod memory_log;
mod poll;
mod publish;
mod slow_reader;
mod sparse;
mod sqlite_log;

use super::arguments::BenchArgs;
use super::contest::Contest;

/// Names a group of contests.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    about: &'static str,
    pub(super) contests: fn(&BenchArgs) -> Vec<Contest>,
}

impl Scenario {
    /// Shows the scenario in one line.
    pub(super) fn listed(&self) -> String {
        format!("{:<20} {}", self.name, self.about)
    }
}

/// All scenarios, in the order in which they run.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "memory-publish",
        about: "in process, one event a commit, memory driver; 1, 64 and 256 publishers",
        contests: embedded::memory,
    },
    Scenario {
        name: "sqlite-publish",
        about: "in process, one event a commit, synced to the disk; 1, 64 and 256 publishers",
        contests: embedded::sqlite,
    },
    Scenario {
        name: "commit-batch",
        about: "in process, 64 events a commit, synced to the disk; 1 and 16 publishers",
        contests: embedded::batches,
    },
    Scenario {
        name: "http-poll",
        about: "polls that find nothing new, by RSE and the native API; 100,000 channels, 64 connections",
        contests: poll::contests,
    },
    Scenario {
        name: "http-publish-memory",
        about: "publishing over HTTP to the memory driver; 64 connections",
        contests: publish::memory,
    },
    Scenario {
        name: "http-publish-sqlite",
        about: "publishing over HTTP, synced to the disk; 64 connections",
        contests: publish::sqlite,
    },
    Scenario {
        name: "sse-fanout",
        about: "one publisher to 100 and to 1,000 event streams",
        contests: fan_out::contests,
    },
    Scenario {
        name: "sse-idle",
        about: "memory of an event stream that waits; 2,000 connections, an empty log and a long one",
        contests: idle::contests,
    },
    Scenario {
        name: "sparse-read",
        about: "100 events of a rare channel in a long log and in a short one",
        contests: sparse::contests,
    },
    Scenario {
        name: "slow-reader",
        about: "memory while one subscriber never reads and another follows a million events",
        contests: slow_reader::contests,
    },
];
