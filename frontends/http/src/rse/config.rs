//! What an operator sets of RSE.

use eventweir::Retention;
use eventweir_sse::SseConfig;
use serde::Deserialize;
use std::time::Duration;

/// Configures RSE.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RseConfig {
    /// Takes clients without an id, which then share one, and shows every event at `/all`. Who may come in without a token is
    /// for the broker's auth to say, here too. Default false.
    pub test_mode: bool,
    /// Takes only channels of ASCII letters, digits, `/`, `_` and `-`; otherwise all that
    /// [`ChannelName`](eventweir::ChannelName) takes. Default true.
    pub strict_channels: bool,
    /// Takes `callback`, and publishing through GET, for script tags. Default true.
    pub jsonp: bool,
    /// Longest time in seconds that a poll with `wait` is held. Default 60.
    pub max_wait_seconds: u64,
    /// Seconds until the next poll that are advised after an answer with events. Default 5.
    pub active_poll_seconds: u64,
    /// Seconds until the next poll that are advised after an answer without events. Default 30; never more than half the time
    /// that events are retained.
    pub idle_poll_seconds: u64,
    /// Event streams, for clients that ask for one instead of polling. Whoever mounts the router sets it.
    #[serde(skip)]
    pub sse: SseConfig,
}

impl Default for RseConfig {
    fn default() -> Self {
        Self {
            test_mode: false,
            strict_channels: true,
            jsonp: true,
            max_wait_seconds: 60,
            active_poll_seconds: 5,
            idle_poll_seconds: 30,
            sse: SseConfig::default(),
        }
    }
}

impl RseConfig {
    /// Sets test mode.
    pub fn with_test_mode(mut self, test_mode: bool) -> Self {
        self.test_mode = test_mode;
        self
    }

    /// Sets whether only plain channel names are taken.
    pub fn with_strict_channels(mut self, strict_channels: bool) -> Self {
        self.strict_channels = strict_channels;
        self
    }

    /// Sets whether script tags are served.
    pub fn with_jsonp(mut self, jsonp: bool) -> Self {
        self.jsonp = jsonp;
        self
    }

    /// Sets how event streams are sent.
    pub fn with_sse(mut self, sse: SseConfig) -> Self {
        self.sse = sse;
        self
    }

    /// Returns how many seconds to wait before the next poll, after an answer that had events or not.
    pub(super) fn advised_seconds(&self, had_events: bool, retention: &Retention) -> u64 {
        let advised = if had_events { self.active_poll_seconds } else { self.idle_poll_seconds };
        // Polling twice in the life of an event misses none.
        let most = retention.max_age.map_or(u64::MAX, |age| age.as_secs() / 2);
        advised.min(most).max(1)
    }

    pub(super) fn max_wait(&self) -> Duration {
        Duration::from_secs(self.max_wait_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_keeps_clear_of_the_retention() {
        let config = RseConfig::default();
        let mut retention = Retention::FOREVER;
        assert_eq!(config.advised_seconds(false, &retention), 30);
        assert_eq!(config.advised_seconds(true, &retention), 5);
        retention.max_age = Some(Duration::from_secs(20));
        assert_eq!(config.advised_seconds(false, &retention), 10);
        retention.max_age = Some(Duration::from_millis(10));
        assert_eq!(config.advised_seconds(true, &retention), 1);
    }
}
