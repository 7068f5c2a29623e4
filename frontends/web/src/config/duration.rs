//! Durations in configuration: a number of seconds, or text with a unit.

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};
use std::fmt;
use std::time::Duration;

/// Reads a duration for serde's `deserialize_with`: a number of seconds, or text such as `"500ms"`, `"10s"`, `"5m"`, `"1h"`.
///
/// # Errors
/// When it is neither, or not above zero, or longer than a year.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(DurationVisitor)
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration: a number of seconds, or text such as \"500ms\", \"10s\", \"5m\", \"1h\"")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
        within_reason(Duration::from_secs(seconds))
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(seconds), &self))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
        let unsigned = u64::try_from(seconds);
        unsigned
            .map_err(|_| E::invalid_value(Unexpected::Signed(seconds), &self))
            .and_then(|s| self.visit_u64(s))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
        Duration::try_from_secs_f64(seconds)
            .ok()
            .and_then(within_reason)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(seconds), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).and_then(within_reason).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

fn parse(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..unit_at].parse().ok()?;
    match text[unit_at..].trim() {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

/// Refuses zero, which would refuse everybody, and what a clock could not add.
fn within_reason(duration: Duration) -> Option<Duration> {
    const MOST: Duration = Duration::from_secs(365 * 24 * 3600);
    (!duration.is_zero() && duration <= MOST).then_some(duration)
}

#[cfg(test)]
mod tests {
    use crate::WebConfig;
    use std::time::Duration;

    #[test]
    fn durations_are_numbers_of_seconds_or_text() {
        for (json, expected) in [
            ("10", Duration::from_secs(10)),
            ("0.25", Duration::from_millis(250)),
            ("\"500ms\"", Duration::from_millis(500)),
            ("\"7\"", Duration::from_secs(7)),
            ("\"10s\"", Duration::from_secs(10)),
            ("\"5m\"", Duration::from_secs(300)),
            ("\"1h\"", Duration::from_secs(3600)),
        ] {
            let config: WebConfig = serde_json::from_str(&format!("{{\"drain\":{json}}}")).unwrap();
            assert_eq!(config.drain, expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for json in
            ["0", "-1", "1e300", "\"\"", "\"10 parsecs\"", "\"s\"", "true", "\"99999999999999999999s\""]
        {
            let config = serde_json::from_str::<WebConfig>(&format!("{{\"drain\":{json}}}"));
            assert!(config.is_err(), "{json}");
        }
    }
}
