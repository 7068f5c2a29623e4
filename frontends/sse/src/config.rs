//! What an operator sets of event streams.

use serde::Deserialize;
use std::time::Duration;

/// Configures event streams.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SseConfig {
    /// Time between two heartbeats, at least 10 ms. Default 15 s, below the 30 to 60 s after which proxies give up.
    pub heartbeat: Duration,
    /// How long a client is asked to wait before it connects again, in whole milliseconds. Default 2 s.
    pub retry: Duration,
}

impl Default for SseConfig {
    fn default() -> Self {
        Self { heartbeat: Duration::from_secs(15), retry: Duration::from_secs(2) }
    }
}

impl SseConfig {
    /// Sets the time between two heartbeats.
    pub fn with_heartbeat(mut self, heartbeat: Duration) -> Self {
        self.heartbeat = heartbeat;
        self
    }

    /// Sets how long a client is asked to wait before it connects again.
    pub fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = retry;
        self
    }
}
