//! Wrong about how much goes.

use super::{Fault, Store};
use eventweir::{Result, Retention, StreamName, Timestamp, Trimmed, async_trait};

/// Keeps one event less than it should.
#[derive(Debug, Default)]
pub(crate) struct TrimsOneTooMany;

#[async_trait]
impl Fault for TrimsOneTooMany {
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        let most = retention.max_events.map(|most| most.saturating_sub(1));
        inner.trim(stream, &Retention { max_events: most, ..*retention }, now).await
    }
}

/// Knows no limit of bytes.
#[derive(Debug, Default)]
pub(crate) struct TrimIgnoresBytes;

#[async_trait]
impl Fault for TrimIgnoresBytes {
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        inner.trim(stream, &Retention { max_bytes: None, ..*retention }, now).await
    }
}

/// Asks its own clock how old an event is.
#[derive(Debug, Default)]
pub(crate) struct TrimsByItsOwnClock;

#[async_trait]
impl Fault for TrimsByItsOwnClock {
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        _now: Timestamp,
    ) -> Result<Trimmed> {
        inner.trim(stream, retention, Timestamp::now()).await
    }
}

/// Stops after some events, and says that there is no more.
#[derive(Debug, Default)]
pub(crate) struct TrimStopsHalfway;

#[async_trait]
impl Fault for TrimStopsHalfway {
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        let held = super::catalog_of(inner)?.usage(stream).await?.events;
        let most = retention.max_events.map(|most| most.max(held.saturating_sub(STEP)));
        inner.trim(stream, &Retention { max_events: most, ..*retention }, now).await
    }
}

/// One batch of a sweep.
const STEP: u64 = 4;
