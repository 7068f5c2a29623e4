//! How long operations took.

use super::machine::OrFail;
use crate::failure::Result;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Nothing is recorded as longer than this.
const LONGEST: Duration = Duration::from_secs(3600);

/// Counts latencies in a histogram that is exact to three digits.
#[derive(Clone, Debug)]
pub(super) struct Latency(Histogram<u64>);

/// Holds what is shown of latencies, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p99: f64,
    #[serde(rename = "p99.9")]
    pub(super) p999: f64,
    pub(super) max: f64,
    pub(super) count: u64,
}

impl Latency {
    /// Begins with nothing.
    ///
    /// # Errors
    /// When the histogram refuses its bounds, which are constants.
    pub(super) fn new() -> Result<Self> {
        let longest = u64::try_from(LONGEST.as_nanos()).unwrap_or(u64::MAX);
        Histogram::new_with_bounds(1, longest, 3).map(Self).or_fail("the histogram cannot be made")
    }

    pub(super) fn record(&mut self, spent: Duration) {
        let nanoseconds = u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_record(nanoseconds.max(1));
    }

    pub(super) fn add(&mut self, other: &Self) {
        // Both have the same bounds, so there is nothing to refuse.
        let _ = self.0.add(&other.0);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    /// Returns the percentiles; `None` when nothing was recorded.
    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        let at = |part: f64| round(self.0.value_at_quantile(part) as f64 / 1e3);
        (self.count() > 0).then(|| Percentiles {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: round(self.0.max() as f64 / 1e3),
            count: self.count(),
        })
    }
}

/// The histogram has three digits; more would only look exact.
fn round(microseconds: f64) -> f64 {
    (microseconds * 10.0).round() / 10.0
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p99, p999, max, .. } = self;
        write!(f, "p50 {}, p99 {}, p99.9 {}, max {}", Span(*p50), Span(*p99), Span(*p999), Span(*max))
    }
}

/// Shows microseconds in the unit that reads best.
struct Span(f64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            us if us < 10.0 => write!(f, "{us:.1} us"),
            us if us < 1000.0 => write!(f, "{us:.0} us"),
            us if us < 1_000_000.0 => write!(f, "{:.2} ms", us / 1e3),
            us => write!(f, "{:.2} s", us / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(milliseconds: impl Iterator<Item = u64>) -> Latency {
        let mut latency = Latency::new().unwrap();
        milliseconds.for_each(|ms| latency.record(Duration::from_millis(ms)));
        latency
    }

    fn near(actual: f64, expected: f64) -> bool {
        (actual - expected).abs() <= expected / 1000.0 + 0.1
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let shown = of(1..=1000).percentiles().unwrap();
        assert!(near(shown.p50, 500_000.0), "{shown:?}");
        assert!(near(shown.p99, 990_000.0), "{shown:?}");
        assert!(near(shown.p999, 999_000.0), "{shown:?}");
        assert!(near(shown.max, 1_000_000.0), "{shown:?}");
        assert_eq!(shown.count, 1000);
    }

    #[test]
    fn one_slow_operation_shows_at_the_end_only() {
        let shown = of((0..999).map(|_| 1).chain([2000])).percentiles().unwrap();
        assert!(near(shown.p999, 1000.0) && near(shown.max, 2_000_000.0), "{shown:?}");
    }

    #[test]
    fn rounds_are_added_up() {
        let mut all = of(1..=500);
        all.add(&of(501..=1000));
        assert_eq!(all.percentiles(), of(1..=1000).percentiles());
    }

    #[test]
    fn nothing_has_no_percentiles_and_too_much_is_the_most() {
        assert_eq!(Latency::new().unwrap().percentiles(), None);
        let mut latency = Latency::new().unwrap();
        latency.record(Duration::from_secs(100_000));
        assert!(near(latency.percentiles().unwrap().max, 3.6e9));
    }
}
