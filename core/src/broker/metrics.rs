//! The broker's counters.

use crate::live::Answered;
use crate::{Error, Receipt, Result};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::fmt;
use std::time::Duration;

/// Counts what the broker does, for Prometheus.
pub struct Metrics {
    registry: Registry,
    published: Counter,
    duplicates: Counter,
    commits_failed: Family<Kind, Counter>,
    commit_seconds: Histogram,
    reads_from_index: Counter,
    reads_from_ring: Counter,
    reads_from_storage: Counter,
    delivered: Counter,
    gaps: Counter,
    resets: Counter,
    trimmed: Counter,
    pub(super) subscriptions: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct From {
    from: &'static str,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("eventweir"),
            published: Counter::default(),
            duplicates: Counter::default(),
            commits_failed: Family::default(),
            commit_seconds: Histogram::new(exponential_buckets(0.000_05, 2.0, 16)),
            reads_from_index: Counter::default(),
            reads_from_ring: Counter::default(),
            reads_from_storage: Counter::default(),
            delivered: Counter::default(),
            gaps: Counter::default(),
            resets: Counter::default(),
            trimmed: Counter::default(),
            subscriptions: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let reads: Family<From, Counter> = Family::default();
        let read = |from| reads.get_or_create_owned(&From { from });
        (self.reads_from_index, self.reads_from_ring, self.reads_from_storage) =
            (read("index"), read("ring"), read("storage"));
        let registry = &mut self.registry;
        registry.register("events_published", "Events appended", self.published.clone());
        registry.register(
            "events_duplicate",
            "Events recognised as repeated by their id",
            self.duplicates.clone(),
        );
        registry.register(
            "commits_failed",
            "Commits that ended in an error, by its kind",
            self.commits_failed.clone(),
        );
        registry.register(
            "commit_seconds",
            "Time from a commit's call to its receipt",
            self.commit_seconds.clone(),
        );
        registry.register("reads", "Pages read, by what answered them", reads);
        registry.register(
            "events_delivered",
            "Events given to readers and subscribers",
            self.delivered.clone(),
        );
        registry.register("gaps", "Gaps told to readers", self.gaps.clone());
        registry.register("resets", "Resets told to readers", self.resets.clone());
        registry.register("events_trimmed", "Events removed by retention", self.trimmed.clone());
        registry.register("subscriptions", "Subscriptions that are open", self.subscriptions.clone());
    }

    /// Returns all counters in the text format of OpenMetrics.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    pub(super) fn committed(&self, outcome: &Result<Receipt>, spent: Duration) {
        self.commit_seconds.observe(spent.as_secs_f64());
        match outcome {
            Ok(receipt) if receipt.repeated => drop(self.duplicates.inc_by(receipt.events.len() as u64)),
            Ok(receipt) => {
                let duplicates = receipt.events.iter().filter(|event| event.duplicate).count() as u64;
                self.duplicates.inc_by(duplicates);
                self.published.inc_by(receipt.events.len() as u64 - duplicates);
            }
            Err(error) => self.failed(error),
        }
    }

    fn failed(&self, error: &Error) {
        self.commits_failed.get_or_create(&Kind { kind: error.kind().code() }).inc();
    }

    pub(super) fn read(&self, from: Answered) {
        let counter = match from {
            Answered::Index => &self.reads_from_index,
            Answered::Ring => &self.reads_from_ring,
            Answered::Storage => &self.reads_from_storage,
        };
        counter.inc();
    }

    pub(super) fn delivered(&self, events: usize) {
        self.delivered.inc_by(events as u64);
    }

    pub(super) fn told(&self, gap: bool, reset: bool) {
        self.gaps.inc_by(u64::from(gap));
        self.resets.inc_by(u64::from(reset));
    }

    pub(super) fn trimmed(&self, events: u64) {
        self.trimmed.inc_by(events);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
