//! The scenarios, by name.

mod embedded;
mod fan_out;
mod idle;
mod kept;
mod memory_log;
mod mongo;
mod pages;
mod poll;
mod publish;
mod redis;
mod redis_read;
mod seen;
mod slow_reader;
mod sparse;
mod sqlite_log;

use super::arguments::BenchArgs;
use super::contest::Contest;
use super::{mongo as bench_mongo, redis as bench_redis};

/// Names a group of contests.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    about: &'static str,
    needs: Needs,
    pub(super) contests: fn(&BenchArgs) -> Vec<Contest>,
}

/// Says what a scenario cannot be run without.
#[derive(Clone, Copy, Debug)]
enum Needs {
    Nothing,
    Redis,
    Mongo,
}

impl Scenario {
    /// Says what is missing to run it.
    pub(super) fn lacks(&self, arguments: &BenchArgs) -> Option<&'static str> {
        match self.needs {
            Needs::Nothing => None,
            Needs::Redis => bench_redis::lacks(arguments.redis.as_ref()),
            Needs::Mongo => bench_mongo::lacks(arguments.mongo.as_ref()),
        }
    }

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
        needs: Needs::Nothing,
        contests: embedded::memory,
    },
    Scenario {
        name: "sqlite-publish",
        about: "in process, one event a commit, synced to the disk; 1, 64 and 256 publishers",
        needs: Needs::Nothing,
        contests: embedded::sqlite,
    },
    Scenario {
        name: "commit-batch",
        about: "in process, 64 events a commit, synced to the disk; 1 and 16 publishers",
        needs: Needs::Nothing,
        contests: embedded::batches,
    },
    Scenario {
        name: "http-poll",
        about: "polls that find nothing new, by RSE and the native API; 100,000 channels, 64 connections",
        needs: Needs::Nothing,
        contests: poll::contests,
    },
    Scenario {
        name: "http-publish-memory",
        about: "publishing over HTTP to the memory driver; 64 connections",
        needs: Needs::Nothing,
        contests: publish::memory,
    },
    Scenario {
        name: "http-publish-sqlite",
        about: "publishing over HTTP, synced to the disk; 64 connections",
        needs: Needs::Nothing,
        contests: publish::sqlite,
    },
    Scenario {
        name: "sse-fanout",
        about: "one publisher to 100 and to 1,000 event streams",
        needs: Needs::Nothing,
        contests: fan_out::contests,
    },
    Scenario {
        name: "sse-idle",
        about: "memory of an event stream that waits; 2,000 connections, an empty log and a long one",
        needs: Needs::Nothing,
        contests: idle::contests,
    },
    Scenario {
        name: "sparse-read",
        about: "100 events of a rare channel in a long log and in a short one",
        needs: Needs::Nothing,
        contests: sparse::contests,
    },
    Scenario {
        name: "slow-reader",
        about: "memory while one subscriber never reads and another follows a million events",
        needs: Needs::Nothing,
        contests: slow_reader::contests,
    },
    Scenario {
        name: "redis-publish",
        about: "in process, one event a commit, without an AOF and synced; 1, 64 and 256 publishers",
        needs: Needs::Redis,
        contests: redis::publish,
    },
    Scenario {
        name: "redis-batch",
        about: "in process, 64 events a commit, without an AOF and synced; 4 publishers",
        needs: Needs::Redis,
        contests: redis::batches,
    },
    Scenario {
        name: "redis-read",
        about: "pages of 100 events, one by one",
        needs: Needs::Redis,
        contests: redis_read::pages,
    },
    Scenario {
        name: "redis-sparse-read",
        about: "100 events of a rare channel in a long log and in a short one",
        needs: Needs::Redis,
        contests: redis_read::sparse,
    },
    Scenario {
        name: "redis-seen",
        about: "from publishing on one broker to seeing it on another",
        needs: Needs::Redis,
        contests: seen::redis,
    },
    Scenario {
        name: "mongo-publish",
        about: "in process, one event a commit, of a majority and synced; 1, 64 and 256 publishers",
        needs: Needs::Mongo,
        contests: mongo::publish,
    },
    Scenario {
        name: "mongo-read",
        about: "pages of 100 events, one by one",
        needs: Needs::Mongo,
        contests: mongo::pages,
    },
];
