//! What an operator sets of RSE.

use eventweir::Retention;
use eventweir_sse::SseConfig;
use serde::Deserialize;
use std::time::Duration;

/// Configures RSE. Durations are written as [`eventweir::duration`] says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RseConfig {
    /// Where [`eventweir_http::router`](crate::router) puts RSE; it means nothing to [`rse::router`](super::router), which is put
    /// somewhere by its caller. Default `/rse`.
    pub mount: RseMount,
    /// Takes clients without an id, which then share one, and shows every event at `/all`. Who may come in without a token is
    /// for the broker's auth to say, here too. Default false.
    pub test_mode: bool,
    /// Takes only channels of ASCII letters, digits, `/`, `_` and `-`; otherwise all that
    /// [`ChannelName`](eventweir::ChannelName) takes. Default true.
    pub strict_channels: bool,
    /// Takes `callback`, and publishing through GET, for script tags. Default true.
    pub jsonp: bool,
    /// Longest time that a poll with `wait` is held. Default 60 s.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub max_wait: Duration,
    /// Time until the next poll that is advised after an answer with events, in whole seconds. Default 5 s.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub active_poll: Duration,
    /// Time until the next poll that is advised after an answer without events, in whole seconds. Default 30 s; never more than
    /// half the time that events are retained.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub idle_poll: Duration,
    /// Event streams, for clients that ask for one instead of polling. Whoever mounts the router sets it.
    #[serde(skip)]
    pub sse: SseConfig,
}

/// Says where the RSE protocol is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub enum RseMount {
    /// Nowhere: `off`.
    #[serde(rename = "off")]
    Off,
    /// Below `/rse`, beside the native API.
    #[default]
    #[serde(rename = "/rse")]
    Rse,
    /// At `/`: every path that is not one of the native API is an RSE channel, for clients that cannot be told a path.
    #[serde(rename = "/")]
    Root,
}

impl Default for RseConfig {
    fn default() -> Self {
        Self {
            mount: RseMount::default(),
            test_mode: false,
            strict_channels: true,
            jsonp: true,
            max_wait: Duration::from_secs(60),
            active_poll: Duration::from_secs(5),
            idle_poll: Duration::from_secs(30),
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
        let advised = if had_events { self.active_poll } else { self.idle_poll };
        // Polling twice in the life of an event misses none.
        let most = retention.max_age.map_or(Duration::MAX, |age| age / 2);
        advised.min(most).as_secs().max(1)
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

    #[test]
    fn durations_are_humane_and_keys_are_checked() {
        let read = serde_json::from_str::<RseConfig>;
        assert_eq!(read("{}").unwrap(), RseConfig::default());
        let config =
            read(r#"{"mount": "/", "max_wait": 20, "active_poll": "2s", "idle_poll": "1m"}"#).unwrap();
        assert_eq!(config.mount, RseMount::Root);
        assert_eq!(config.max_wait, Duration::from_secs(20));
        assert_eq!(config.advised_seconds(true, &Retention::FOREVER), 2);
        assert_eq!(config.advised_seconds(false, &Retention::FOREVER), 60);
        assert!(read(r#"{"max_wait_seconds": 20}"#).is_err());
    }
}
