//! The sections of the configuration, with their defaults and ranges.

use eventweir::auth::TokenEntry;
use eventweir::{Durability, Limits, Retention};
use eventweir_http::rse::RseConfig;
use eventweir_sse::SseConfig;
use eventweir_web::WebConfig;
use serde::Deserialize;
use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;

/// Says what the broker is. Every key has a default; `docs/configuration.md` describes each. Durations are written as
/// [`eventweir::duration`] says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Where events are kept.
    pub storage: StorageSection,
    /// Where clients connect, and how much they may take.
    pub http: WebConfig,
    /// Event streams.
    pub sse: SseConfig,
    /// Clients of RSE (Really Simple Events).
    pub rse: RseConfig,
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
    /// How long one try of a call to the store may take, 1 s to 1 h. Default 30 s.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub timeout: Duration,
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
    /// Events older than this go. Default 7 days.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub max_age: Duration,
    /// At most this many events stay. Default 0: any number.
    pub max_events: u64,
    /// At most this many bytes of data and headers stay. Default 0: any number.
    pub max_bytes: u64,
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
    /// How often the store is looked at when no wake-up came, 10 ms to 1 min. Default 200 ms.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub poll: Duration,
    /// How often retention is enforced, 1 s to 1 day. Default 1 s.
    #[serde(deserialize_with = "eventweir::duration::deserialize")]
    pub trim: Duration,
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
            ("storage.tries", self.storage.tries.into(), 1, 100),
            ("limits.max_event_bytes", limits.max_event_bytes as u64, 1, GIB),
            ("limits.max_commit_events", limits.max_commit_events as u64, 1, 100_000),
            ("limits.max_commit_bytes", limits.max_commit_bytes as u64, 1, GIB),
            ("limits.max_commit_changes", limits.max_commit_changes as u64, 1, 100_000),
            ("limits.max_page_events", limits.max_page_events as u64, 1, 100_000),
            ("limits.max_page_bytes", limits.max_page_bytes as u64, 1, GIB),
            ("limits.max_tail_events", limits.max_tail_events as u64, 1, 100_000_000),
            ("limits.max_tail_bytes", limits.max_tail_bytes as u64, 0, 1024 * GIB),
            ("limits.max_tail_channels", limits.max_tail_channels as u64, 1, 1_000_000_000),
        ];
        let durations = [
            ("storage.timeout", self.storage.timeout, SECOND, HOUR),
            ("sse.heartbeat", self.sse.heartbeat, SECOND, HOUR),
            ("sse.retry", self.sse.retry, Duration::ZERO, HOUR),
            ("rse.max_wait", self.rse.max_wait, SECOND, HOUR),
            ("rse.active_poll", self.rse.active_poll, SECOND, DAY),
            ("rse.idle_poll", self.rse.idle_poll, SECOND, DAY),
            ("limits.recheck", limits.recheck, Duration::ZERO, HOUR),
            ("broker.poll", self.broker.poll, Duration::from_millis(10), Duration::from_secs(60)),
            ("broker.trim", self.broker.trim, SECOND, DAY),
        ];
        // The frontend names keys as its own section has them.
        self.http.check().map_err(|error| format!("http.{}", error.message()))?;
        all_within(&amounts)?;
        all_within(&durations)
    }
}

/// Checks keys against the least and the most that they may be.
fn all_within<T: PartialOrd + Debug>(keys: &[(&str, T, T, T)]) -> Result<(), String> {
    match keys.iter().find(|(_, value, least, most)| value < least || value > most) {
        Some((key, value, least, most)) => {
            Err(format!("`{key}` is from {least:?} to {most:?}, not {value:?}"))
        }
        None => Ok(()),
    }
}

const GIB: u64 = 1 << 30;
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

impl RetentionSection {
    /// Returns the retention in core's words.
    pub fn retention(&self) -> Retention {
        let limit = |value: u64| (value > 0).then_some(value);
        Retention {
            max_age: (!self.max_age.is_zero()).then_some(self.max_age),
            max_events: limit(self.max_events),
            max_bytes: limit(self.max_bytes),
        }
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
        Self {
            url: "sqlite:weir-data/events.db".to_owned(),
            requires: None,
            timeout: Duration::from_secs(30),
            tries: 4,
        }
    }
}

impl Default for RetentionSection {
    fn default() -> Self {
        Self { max_age: 7 * DAY, max_events: 0, max_bytes: 0 }
    }
}

impl Default for BrokerSection {
    fn default() -> Self {
        Self { poll: Duration::from_millis(200), trim: SECOND }
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
