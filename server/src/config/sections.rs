//! The sections of the configuration, with their defaults and ranges.

use eventweir::auth::TokenEntry;
use eventweir::{ChannelName, Durability, Limits, Retention, StreamName, StreamRule, StreamRules};
use eventweir_http::rse::RseConfig;
use eventweir_sse::SseConfig;
use eventweir_web::WebConfig;
use serde::{Deserialize, Deserializer};
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
    /// Which channels are in which stream. Default none: all are in `main`.
    pub stream: Vec<StreamSection>,
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

/// Puts channels into a stream, or into several.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StreamSection {
    /// The stream's name; with `spread`, what its number follows.
    pub name: StreamName,
    /// The channel that is in it, with all below it.
    pub prefix: Option<ChannelName>,
    /// Over how many streams the channels that no prefix takes are spread, 1 to 1,024.
    pub spread: Option<u32>,
    /// What its streams keep. Default: what `[retention]` says, key by key.
    #[serde(default)]
    pub retention: StreamRetention,
}

/// Says what the streams of a rule keep. Zero means without that limit.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StreamRetention {
    /// Events older than this go.
    #[serde(deserialize_with = "some_duration")]
    pub max_age: Option<Duration>,
    /// At most this many events stay.
    pub max_events: Option<u64>,
    /// At most this many bytes of data and headers stay.
    pub max_bytes: Option<u64>,
}

fn some_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    eventweir::duration::deserialize(deserializer).map(Some)
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
        self.stream_rules().map_err(|why| format!("`stream`: {why}"))?;
        // The frontend names keys as its own section has them.
        self.http.check().map_err(|error| format!("http.{}", error.message()))?;
        all_within(&amounts)?;
        all_within(&durations)
    }
}

impl Config {
    /// Returns which channels are in which stream.
    ///
    /// # Errors
    /// One sentence that names the rule and what is wrong with it.
    pub fn stream_rules(&self) -> Result<StreamRules, String> {
        let rules: Result<Vec<_>, _> = self.stream.iter().map(|rule| rule.rule(&self.retention)).collect();
        StreamRules::new(rules?).map_err(|error| error.message().to_owned())
    }
}

impl StreamSection {
    fn rule(&self, retention: &RetentionSection) -> Result<StreamRule, String> {
        let rule = match (&self.prefix, self.spread) {
            (Some(prefix), None) => StreamRule::prefix(prefix.clone(), self.name.clone()),
            (None, Some(count)) => StreamRule::spread(self.name.clone(), count),
            _ => return Err(format!("the rule {} has either `prefix` or `spread`", self.name)),
        };
        let StreamRetention { max_age, max_events, max_bytes } = self.retention;
        if max_age.is_none() && max_events.is_none() && max_bytes.is_none() {
            return Ok(rule);
        }
        let own = RetentionSection {
            max_age: max_age.unwrap_or(retention.max_age),
            max_events: max_events.unwrap_or(retention.max_events),
            max_bytes: max_bytes.unwrap_or(retention.max_bytes),
        };
        Ok(rule.with_retention(own.retention()))
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
    fn stream_rules_are_read_and_wrong_ones_are_named() {
        let read = |text: &str| toml::from_str::<Config>(text).map_err(|error| error.message().to_owned());
        let config = read(
            r#"
            [retention]
            max_events = 9
            [[stream]]
            name = "orders"
            prefix = "/orders"
            retention = { max_age = "30d" }
            [[stream]]
            name = "events"
            spread = 16
            "#,
        )
        .unwrap();
        config.check().unwrap();
        let rules = config.stream_rules().unwrap();
        let orders = rules.retention_of(&StreamName::new("orders").unwrap()).unwrap();
        assert_eq!((orders.max_age, orders.max_events), (Some(30 * DAY), Some(9)));
        let events = StreamName::new("events-15").unwrap();
        assert!(rules.knows(&events) && rules.retention_of(&events).is_none());
        for (text, word) in [
            ("stream = [{ name = \"a\" }]", "either `prefix` or `spread`"),
            ("stream = [{ name = \"a\", prefix = \"/a\", spread = 2 }]", "either `prefix` or `spread`"),
            ("stream = [{ name = \"a\", spread = 0 }]", "1 to 1024"),
            ("stream = [{ name = \"a\", prefix = \"/a\" }, { name = \"b\", prefix = \"/a\" }]", "/a has two"),
        ] {
            let why = read(text).unwrap().check().unwrap_err();
            assert!(why.starts_with("`stream`: ") && why.contains(word), "{why}");
        }
        for (text, word) in [
            ("stream = [{ name = \"A\", spread = 2 }]", "a stream name"),
            ("stream = [{ name = \"a\", prefix = \"a\" }]", "begins with /"),
            ("stream = [{ name = \"a\", prefx = \"/a\" }]", "unknown field"),
            ("stream = [{ prefix = \"/a\" }]", "missing field"),
            ("stream = [{ name = \"a\", spread = 2, retention = { max = 1 } }]", "unknown field"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(word), "{why}");
        }
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
