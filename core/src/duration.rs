//! Durations in configuration: a number of seconds, or text with a unit.
//!
//! Every configuration of Eventweir reads its durations here, so that there is one way to write them:
//!
//! ```
//! # use std::time::Duration;
//! #[derive(serde::Deserialize)]
//! struct Config {
//!     #[serde(deserialize_with = "eventweir::duration::deserialize")]
//!     patience: Duration,
//! }
//!
//! let config: Config = serde_json::from_str(r#"{"patience": "5m"}"#)?;
//! assert_eq!(config.patience, Duration::from_secs(300));
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};
use std::fmt;
use std::time::Duration;

/// A thousand years, which every clock can add to its time.
const MOST: Duration = Duration::from_secs(1000 * 31_557_600);

/// Reads a duration for serde's `deserialize_with`: a number of seconds, whole or not, or text such as `"500ms"`, `"10s"`, `"5m"`,
/// `"1h"`, `"7d"`.
///
/// # Errors
/// When it is neither, or negative, or longer than a thousand years. What else makes no sense, zero perhaps, is for the
/// configuration to say.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(DurationVisitor)
}

/// Reads text with a unit (`ms`, `s`, `m`, `h`, `d`) or, without one, of seconds; `None` when it is anything else, or longer
/// than a thousand years.
pub fn parse(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..unit_at].parse().ok()?;
    let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs);
    let duration = match text[unit_at..].trim() {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3600),
        "d" => seconds(86_400),
        _ => None,
    };
    duration.filter(|duration| *duration <= MOST)
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a duration: a number of seconds, or text such as \"500ms\", \"10s\", \"5m\", \"1h\", \"7d\"",
        )
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
        Some(Duration::from_secs(seconds))
            .filter(|duration| *duration <= MOST)
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(seconds), &self))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
        match u64::try_from(seconds) {
            Ok(seconds) => self.visit_u64(seconds),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(seconds), &self)),
        }
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
        Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|duration| *duration <= MOST)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(seconds), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Duration, serde_json::Error> {
        deserialize(&mut serde_json::Deserializer::from_str(json))
    }

    #[test]
    fn durations_are_numbers_of_seconds_or_text() {
        for (json, expected) in [
            ("0", Duration::ZERO),
            ("10", Duration::from_secs(10)),
            ("0.25", Duration::from_millis(250)),
            ("\"500ms\"", Duration::from_millis(500)),
            ("\"7\"", Duration::from_secs(7)),
            ("\"10s\"", Duration::from_secs(10)),
            ("\"10 s\"", Duration::from_secs(10)),
            ("\"5m\"", Duration::from_secs(300)),
            ("\"1h\"", Duration::from_secs(3600)),
            ("\"7d\"", Duration::from_secs(604_800)),
            ("\"365250d\"", MOST),
        ] {
            assert_eq!(read(json).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for json in [
            "-1",
            "-0.5",
            "1e300",
            "31557600001",
            "18446744073709551615",
            "\"\"",
            "\"s\"",
            "\"-1s\"",
            "\"1.5h\"",
            "\"10 parsecs\"",
            "\"1h30m\"",
            "\"365251d\"",
            "\"18446744073709551615d\"",
            "\"99999999999999999999s\"",
            "true",
            "null",
        ] {
            assert!(read(json).is_err(), "{json}");
        }
        assert!(read("\"soon\"").unwrap_err().to_string().contains("\"7d\""));
    }
}
