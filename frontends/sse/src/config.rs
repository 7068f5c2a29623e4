//! What an operator sets of event streams.

use serde::Deserialize;
use std::time::Duration;

/// Configures event streams. Durations are written as [`eventweir::duration`] says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SseConfig {
    /// Time between two heartbeats; less than 10 ms counts as 10 ms. Default 15 s, which proxies do not take for silence.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub heartbeat: Duration,
    /// How long clients are asked to wait before they connect again, in whole milliseconds. Default 2 s.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
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

    /// Sets how long clients are asked to wait before they connect again.
    pub fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = retry;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_humane_and_keys_are_checked() {
        let read = serde_json::from_str::<SseConfig>;
        assert_eq!(read("{}").unwrap(), SseConfig::default());
        let config = read(r#"{"heartbeat": 30, "retry": "500ms"}"#).unwrap();
        assert_eq!(
            config,
            SseConfig::default()
                .with_heartbeat(Duration::from_secs(30))
                .with_retry(Duration::from_millis(500))
        );
        assert!(read(r#"{"hartbeat": 30}"#).is_err());
    }
}
