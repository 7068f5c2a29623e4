//! A figure: what was measured, what it is compared with, and how both are shown.

use super::latency::{Latency, Percentiles};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Holds what one load of one round gave.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) value: f64,
    pub(super) latency: Option<Latency>,
    /// Microseconds of processor time for each operation: of the server, or of the whole process where there is none.
    pub(super) processor: Option<f64>,
}

/// Says which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    More,
    Less,
}

/// Holds all rounds of one load.
#[derive(Debug)]
pub(super) struct Summary {
    /// The median, which is shown; the least and the greatest.
    value: f64,
    least: f64,
    most: f64,
    latency: Option<Percentiles>,
    processor: Option<f64>,
}

/// Compares a load with another one.
#[derive(Debug)]
pub(super) struct Figure<'a> {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) better: Better,
    pub(super) ours: &'a Summary,
    /// What it is compared with, in words.
    pub(super) bare_is: &'a str,
    pub(super) bare: &'a Summary,
    /// What the ratio is to reach, or to stay below.
    pub(super) target: Option<f64>,
    pub(super) conditions: &'a [(&'static str, String)],
}

impl Sample {
    pub(super) fn of(value: f64) -> Self {
        Self { value, latency: None, processor: None }
    }
}

impl Summary {
    pub(super) fn of(samples: &[Sample]) -> Self {
        let values = || samples.iter().map(|sample| sample.value);
        let mut all: Option<Latency> = None;
        for latency in samples.iter().filter_map(|sample| sample.latency.as_ref()) {
            match &mut all {
                None => all = Some(latency.clone()),
                Some(all) => all.add(latency),
            }
        }
        Self {
            value: median(values()),
            least: values().fold(f64::INFINITY, f64::min),
            most: values().fold(f64::NEG_INFINITY, f64::max),
            latency: all.as_ref().and_then(Latency::percentiles),
            processor: Some(median(samples.iter().filter_map(|sample| sample.processor)))
                .filter(|processor| processor.is_finite()),
        }
    }
}

/// Returns the middle one, or the mean of the two in the middle; not a number when there is none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

impl Figure<'_> {
    fn ratio(&self) -> f64 {
        self.ours.value / self.bare.value
    }

    fn met(&self) -> Option<bool> {
        let target = self.target?;
        Some(match self.better {
            Better::More => self.ratio() >= target,
            Better::Less => self.ratio() <= target,
        })
    }

    /// Shows the figure for people.
    pub(super) fn to_text(&self) -> String {
        let Self { name, unit, ours, bare, bare_is, .. } = self;
        let mut text = format!(
            "{name:<34} {:>10} {unit:<14} bare {:>10}  ratio {:<5}{}\n",
            amount(ours.value),
            amount(bare.value),
            amount(self.ratio()),
            self.verdict(),
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    bare is {bare_is}");
        let spread = |summary: &Summary| format!("{} to {}", amount(summary.least), amount(summary.most));
        let _ = writeln!(text, "    rounds: {} | bare {}", spread(ours), spread(bare));
        if let (Some(ours), Some(bare)) = (ours.latency, bare.latency) {
            let _ = writeln!(text, "    latency: {ours} | bare {bare}");
        }
        if let (Some(ours), Some(bare)) = (ours.processor, bare.processor) {
            let (ratio, ours, bare) = (amount(bare / ours), amount(ours), amount(bare));
            let _ = writeln!(
                text,
                "    processor: {ours} us per operation | bare {bare}; bare over ours {ratio}"
            );
        }
        let conditions: Vec<_> =
            self.conditions.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let _ = writeln!(text, "    {}", conditions.join(" "));
        text
    }

    fn verdict(&self) -> String {
        let sign = if self.better == Better::More { ">=" } else { "<=" };
        match (self.target, self.met()) {
            (Some(target), Some(true)) => format!(" target {sign} {target}: met"),
            (Some(target), _) => format!(" target {sign} {target}: MISSED"),
            (None, _) => String::new(),
        }
    }

    /// Shows the figure for machines.
    pub(super) fn to_json(&self) -> Value {
        let conditions: Map<String, Value> =
            self.conditions.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        json!({
            "name": self.name,
            "value": self.ours.value,
            "unit": self.unit,
            "better": match self.better { Better::More => "more", Better::Less => "less" },
            "bare": self.bare.value,
            "bare_is": self.bare_is,
            "ratio": self.ratio(),
            "target": self.target,
            "met": self.met(),
            "min": self.ours.least,
            "max": self.ours.most,
            "bare_min": self.bare.least,
            "bare_max": self.bare.most,
            "latency_us": self.ours.latency,
            "bare_latency_us": self.bare.latency,
            "processor_us": self.ours.processor,
            "bare_processor_us": self.bare.processor,
            "conditions": conditions,
        })
    }
}

/// Shows a number with about three digits that matter, and thousands apart.
fn amount(value: f64) -> String {
    match value.abs() {
        small if small < 10.0 => format!("{value:.2}"),
        middle if middle < 1000.0 => format!("{value:.1}"),
        _ => grouped(&format!("{value:.0}")),
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(values: &[f64]) -> Summary {
        Summary::of(&values.iter().map(|value| Sample::of(*value)).collect::<Vec<_>>())
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(summary(&[9.0, 1.0, 2.0]).value, 2.0);
        assert_eq!(summary(&[9.0, 1.0, 2.0, 4.0]).value, 3.0);
        let spread = summary(&[9.0, 1.0, 2.0]);
        assert_eq!((spread.least, spread.most), (1.0, 9.0));
    }

    #[test]
    fn targets_are_met_from_their_side() {
        let (ours, bare) = (summary(&[150.0]), summary(&[100.0]));
        let figure = |better, target| Figure {
            name: "x".to_owned(),
            unit: "events/s",
            better,
            ours: &ours,
            bare_is: "nothing",
            bare: &bare,
            target,
            conditions: &[],
        };
        assert_eq!(figure(Better::More, Some(1.5)).met(), Some(true));
        assert_eq!(figure(Better::More, Some(1.6)).met(), Some(false));
        assert_eq!(figure(Better::Less, Some(1.5)).met(), Some(true));
        assert_eq!(figure(Better::Less, Some(1.4)).met(), Some(false));
        assert_eq!(figure(Better::Less, None).met(), None);
        assert_eq!(figure(Better::More, Some(1.5)).to_json()["ratio"], 1.5);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(amount(1_234_567.0), "1,234,567");
        assert_eq!(amount(999.94), "999.9");
        assert_eq!(amount(0.5), "0.50");
        assert_eq!(amount(-123_456.0), "-123,456");
    }
}
