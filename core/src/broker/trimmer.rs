//! Keeps the retention.

use super::Broker;
use crate::{Result, Retention, StreamName};
use std::time::Duration;

/// Without a limit there is nothing to remove but ids whose window has ended.
const WITHOUT_LIMITS: Duration = Duration::from_secs(60);

/// Trims all streams now and again, for as long as it is polled.
pub(super) async fn keep_retention(broker: Broker) {
    let inner = &broker.0;
    let mut retentions = std::iter::once(inner.retention).chain(inner.streams.retentions());
    let pause = if retentions.all(|retention| retention.is_forever()) {
        WITHOUT_LIMITS.max(inner.trim_interval)
    } else {
        inner.trim_interval
    };
    let mut failing = false;
    loop {
        tokio::time::sleep(pause).await;
        match broker.trim_all().await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "cannot enforce the retention; trying again");
                }
                failing = true;
            }
        }
    }
}

impl Broker {
    async fn trim_all(&self) -> Result<()> {
        let streams = match self.0.storage.catalog() {
            Some(catalog) => catalog.streams().await?,
            None => self.0.tails.read().keys().cloned().collect(),
        };
        // One stream that cannot be trimmed now keeps no other from it.
        let mut outcome = Ok(());
        for stream in &streams {
            outcome = outcome.and(self.trim(stream, &self.retention_of(stream)).await.map(drop));
        }
        outcome
    }

    /// Trims a stream until the retention holds. Returns how many events went.
    pub(super) async fn trim(&self, stream: &StreamName, retention: &Retention) -> Result<u64> {
        let mut events = 0;
        loop {
            let trimmed = self.0.storage.trim(stream, retention, self.0.clock.now()).await?;
            events += trimmed.events;
            self.0.metrics.trimmed(trimmed.events);
            let tail = self.0.tails.read().get(stream).and_then(|cell| cell.get().cloned());
            if let Some(tail) = tail {
                tail.trimmed(&trimmed.bounds);
            }
            if !trimmed.more {
                return Ok(events);
            }
            // Others get their turn between two steps.
            tokio::task::yield_now().await;
        }
    }
}
