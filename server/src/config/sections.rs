//! The sections of the configuration, with their defaults and ranges.

use eventweir::auth::TokenEntry;
use eventweir::{Durability, Limits, Retention};
use eventweir_http::RseMount;
use eventweir_http::rse::RseConfig;
use eventweir_sse::SseConfig;
use eventweir_web::WebConfig;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// Says what the broker is. Every key has a default; `docs/configuration.md` describes each.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Where events are kept.
    pub storage: StorageSection,
    /// Where clients connect, and how much they may take.
    pub http: WebConfig,
    /// Event streams.
    pub sse: SseSection,
    /// Clients of RSE.
    pub rse: RseSection,
    /// What operators watch.
    pub metrics: MetricsSection,
    /// Who may do what.
    pub auth: AuthSection,
    /// What streams keep.
    pub retention: RetentionSection,
    /// What one call may ask.
    pub limits: Limits,
    /// How the broker runs.
    pub broker: BrokerSection,
    /// What is logged, and how.
    pub log: LogSection,
}

/// Says where events are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StorageSection {
    /// The storage URL. Default `sqlite:weir-data/events.db`.
    pub url: String,
    /// What acknowledged events must survive: `volatile`, `process`, `disk` or `replicated`. A storage that promises less is
    /// refused at the start. Default none.
    pub requires: Option<RequiredDurability>,
    /// How long one try of a call to the store may take, in seconds, 1 to 3600. Default 30.
    pub timeout_seconds: u64,
    /// How often a call to the store is tried before its failure is told, 1 to 100. Default 4.
    pub tries: u32,
}

/// Spells a durability.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RequiredDurability {
    /// Nothing is survived.
    Volatile,
    /// The end of the process.
    Process,
    /// Loss of power.
    Disk,
    /// Loss of a node.
    Replicated,
}

/// Says who may do what. Without any token everybody may do everything, which is allowed on loopback only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AuthSection {
    /// Tokens. Default none.
    pub tokens: Vec<TokenEntry>,
    /// A TOML file of `[[token]]` entries, read again when it changes and on SIGHUP. Default none.
    pub tokens_file: Option<PathBuf>,
}

/// Says what streams keep. Zero means without that limit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RetentionSection {
    /// Events older than this go, in seconds. Default 604,800 (7 days).
    pub max_age_seconds: u64,
    /// At most this many events stay. Default 0: any number.
    pub max_events: u64,
    /// At most this many bytes of data and headers stay. Default 0: any number.
    pub max_bytes: u64,
}

/// Says how event streams are kept alive.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SseSection {
    /// Time between two heartbeats, in seconds, 1 to 3600. Default 15, below the 30 to 60 after which proxies give up.
    pub heartbeat_seconds: u64,
    /// How long a client is asked to wait before it connects again, in milliseconds, 0 to 3,600,000. Default 2000.
    pub retry_milliseconds: u64,
}

/// Says how clients of RSE (Really Simple Events) are served.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RseSection {
    /// Where they connect: `/rse`, `/` for those that cannot be told a path, or `off`. Default `/rse`.
    pub mount: RseMount,
    /// Takes clients without an id, and shows every event at `/all`. Default false.
    pub test_mode: bool,
    /// Takes only channels of ASCII letters, digits, `/`, `_` and `-`. Default true.
    pub strict_channels: bool,
    /// Takes `callback`, and publishing through GET, for script tags. Default true.
    pub jsonp: bool,
    /// Longest time in seconds that a poll with `wait` is held, 1 to 3600. Default 60.
    pub max_wait_seconds: u64,
    /// Seconds until the next poll that are advised after an answer with events, 1 to 86,400. Default 5.
    pub active_poll_seconds: u64,
    /// Seconds until the next poll that are advised after an answer without events, 1 to 86,400. Default 30.
    pub idle_poll_seconds: u64,
}

/// Says who may see the metrics.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MetricsSection {
    /// Shows `/metrics` to everyone rather than to administrators alone. Default false.
    pub public: bool,
}

/// Says how the broker runs.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BrokerSection {
    /// How often the store is looked at when no wake-up came, in milliseconds, 10 to 60,000. Default 200.
    pub poll_milliseconds: u64,
    /// How often retention is enforced, in seconds, 1 to 86,400. Default 1.
    pub trim_seconds: u64,
}

/// Says what is logged on stderr, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LogSection {
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,eventweir=debug`. Default `info`.
    pub level: String,
    /// Lines for people, or JSON objects for machines. Default `text`.
    pub format: LogFormat,
}

/// Spells how a log line looks.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object.
    Json,
}

impl Config {
    /// Checks what types cannot: that numbers are in their ranges.
    pub(super) fn check(&self) -> Result<(), String> {
        let limits = &self.limits;
        let amounts = [
            ("storage.timeout_seconds", self.storage.timeout_seconds, 1, 3600),
            ("storage.tries", self.storage.tries.into(), 1, 100),
            ("sse.heartbeat_seconds", self.sse.heartbeat_seconds, 1, 3600),
            ("sse.retry_milliseconds", self.sse.retry_milliseconds, 0, 3_600_000),
            ("rse.max_wait_seconds", self.rse.max_wait_seconds, 1, 3600),
            ("rse.active_poll_seconds", self.rse.active_poll_seconds, 1, 86_400),
            ("rse.idle_poll_seconds", self.rse.idle_poll_seconds, 1, 86_400),
            ("broker.poll_milliseconds", self.broker.poll_milliseconds, 10, 60_000),
            ("broker.trim_seconds", self.broker.trim_seconds, 1, 86_400),
            ("retention.max_age_seconds", self.retention.max_age_seconds, 0, MAX_AGE),
            ("limits.max_event_bytes", limits.max_event_bytes as u64, 1, GIB),
            ("limits.max_commit_events", limits.max_commit_events as u64, 1, 100_000),
            ("limits.max_commit_bytes", limits.max_commit_bytes as u64, 1, GIB),
            ("limits.max_commit_changes", limits.max_commit_changes as u64, 1, 100_000),
            ("limits.max_page_events", limits.max_page_events as u64, 1, 100_000),
            ("limits.max_page_bytes", limits.max_page_bytes as u64, 1, GIB),
            ("limits.max_tail_events", limits.max_tail_events as u64, 1, 100_000_000),
            ("limits.max_tail_bytes", limits.max_tail_bytes as u64, 0, 1024 * GIB),
            ("limits.max_tail_channels", limits.max_tail_channels as u64, 1, 1_000_000_000),
            ("limits.recheck_seconds", limits.recheck_seconds, 0, 3600),
        ];
        match amounts.iter().find(|(_, value, least, most)| !(least..=most).contains(&value)) {
            Some((key, value, least, most)) => Err(format!("`{key}` is from {least} to {most}, not {value}")),
            None => Ok(()),
        }
    }
}

const GIB: u64 = 1 << 30;

/// A thousand years: beyond the clocks' range nothing expires anyway.
const MAX_AGE: u64 = 31_557_600_000;

impl RetentionSection {
    /// Returns the retention in core's words.
    pub fn retention(&self) -> Retention {
        let limit = |value: u64| (value > 0).then_some(value);
        Retention {
            max_age: limit(self.max_age_seconds).map(Duration::from_secs),
            max_events: limit(self.max_events),
            max_bytes: limit(self.max_bytes),
        }
    }
}

impl SseSection {
    /// Returns the settings in the frontend's words.
    pub fn config(&self) -> SseConfig {
        SseConfig::default()
            .with_heartbeat(Duration::from_secs(self.heartbeat_seconds))
            .with_retry(Duration::from_millis(self.retry_milliseconds))
    }
}

impl RseSection {
    /// Returns the settings in the frontend's words.
    pub fn config(&self) -> RseConfig {
        let mut config = RseConfig::default();
        config.test_mode = self.test_mode;
        config.strict_channels = self.strict_channels;
        config.jsonp = self.jsonp;
        config.max_wait_seconds = self.max_wait_seconds;
        config.active_poll_seconds = self.active_poll_seconds;
        config.idle_poll_seconds = self.idle_poll_seconds;
        config
    }
}

impl From<RequiredDurability> for Durability {
    fn from(required: RequiredDurability) -> Self {
        match required {
            RequiredDurability::Volatile => Self::Volatile,
            RequiredDurability::Process => Self::Process,
            RequiredDurability::Disk => Self::Disk,
            RequiredDurability::Replicated => Self::Replicated,
        }
    }
}

impl Default for StorageSection {
    fn default() -> Self {
        Self { url: "sqlite:weir-data/events.db".to_owned(), requires: None, timeout_seconds: 30, tries: 4 }
    }
}

impl Default for SseSection {
    fn default() -> Self {
        Self { heartbeat_seconds: 15, retry_milliseconds: 2000 }
    }
}

impl Default for RseSection {
    fn default() -> Self {
        let RseConfig {
            test_mode,
            strict_channels,
            jsonp,
            max_wait_seconds,
            active_poll_seconds,
            idle_poll_seconds,
            ..
        } = RseConfig::default();
        Self {
            mount: RseMount::default(),
            test_mode,
            strict_channels,
            jsonp,
            max_wait_seconds,
            active_poll_seconds,
            idle_poll_seconds,
        }
    }
}

impl Default for RetentionSection {
    fn default() -> Self {
        Self { max_age_seconds: 604_800, max_events: 0, max_bytes: 0 }
    }
}

impl Default for BrokerSection {
    fn default() -> Self {
        Self { poll_milliseconds: 200, trim_seconds: 1 }
    }
}

impl Default for LogSection {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SAMPLE;
    use toml::Table;

    #[test]
    fn the_sample_is_the_defaults() {
        let sample: Config = toml::from_str(SAMPLE).unwrap();
        assert_eq!(format!("{sample:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn what_the_sample_shows_behind_a_sign_can_be_used() {
        let text: String = SAMPLE
            .lines()
            .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
            .flat_map(|line| [line, "\n"])
            .collect();
        toml::from_str::<Config>(&text).unwrap();
    }

    #[test]
    fn every_section_is_in_the_sample() {
        let sample: Table = SAMPLE.parse().unwrap();
        assert_eq!(sample.keys().collect::<Vec<_>>(), {
            let mut sections = crate::config::layers::SECTIONS;
            sections.sort_unstable();
            sections.to_vec()
        });
    }

    #[test]
    fn every_key_is_documented() {
        let document = include_str!("../../../docs/configuration.md");
        let (mut section, mut keys) = ("", 0);
        for line in SAMPLE.lines().map(|line| line.strip_prefix('#').unwrap_or(line)) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.split_once('.').map_or("", |(_, inner)| inner);
            } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                let key = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
                assert!(document.contains(&format!("`{key}`")), "{key} is not in docs/configuration.md");
                keys += 1;
            }
        }
        assert!(keys > 40, "{keys}");
    }
}
