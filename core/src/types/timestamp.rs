//! Moments in time.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// Marks a moment in whole milliseconds of UTC since 1970. Says nothing about order: sequences do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last millisecond of the year 9999, the greatest moment that can be written down.
    pub const MAX: Self = Self(253_402_300_799_999);
    /// The beginning of 1970, the smallest moment.
    pub const MIN: Self = Self(0);

    /// Makes a timestamp of milliseconds since 1970, brought into the range from [`MIN`](Self::MIN) to [`MAX`](Self::MAX).
    pub const fn from_millis(millis: i64) -> Self {
        match millis {
            i64::MIN..0 => Self::MIN,
            253_402_300_800_000.. => Self::MAX,
            _ => Self(millis),
        }
    }

    /// Reads the system's clock.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Returns milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the moment `span` before this one, at least [`MIN`](Self::MIN).
    pub fn minus(self, span: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the moment `span` after this one, at most [`MAX`](Self::MAX).
    pub fn plus(self, span: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the time from `earlier` to this moment; zero when it is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 with milliseconds, such as `2030-01-02T03:04:05.678Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .map_err(|_| fmt::Error)?;
        f.write_str(&moment.format(form).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    /// Reads RFC 3339.
    fn from_str(text: &str) -> Result<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|_| Error::invalid("a time is written as in RFC 3339, such as 2030-01-02T03:04:05Z"))?;
        Ok(Self::from_millis((moment.unix_timestamp_nanos() / 1_000_000) as i64))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_both_ways() {
        let moment: Timestamp = "2030-01-02T03:04:05.678Z".parse().unwrap();
        assert_eq!(moment.to_string(), "2030-01-02T03:04:05.678Z");
        assert_eq!("2030-01-02T04:04:05.678+01:00".parse::<Timestamp>().unwrap(), moment);
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MIN), Timestamp::MIN);
    }
}
