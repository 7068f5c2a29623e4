//! A connection to one server that comes back when it is lost.

use super::address::Address;
use super::connection::Connection;
use super::wire::{Connector, Login};
use eventweir::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Keeps one connection for one purpose.
#[derive(Debug, Default)]
pub(super) struct Lane {
    live: Mutex<Option<Connection>>,
    attempts: tokio::sync::Mutex<Backoff>,
}

impl Lane {
    /// Returns the connection, or makes one attempt to connect, not too soon after the last.
    ///
    /// # Errors
    /// As [`Connector::connect`]; [`Unavailable`](ErrorKind::Unavailable) when the time is over before it was tried.
    pub(super) async fn connection(
        &self,
        connector: &Connector,
        address: &Address,
        until: Instant,
    ) -> Result<Connection> {
        if let Some(connection) = self.live() {
            return Ok(connection);
        }
        let busy =
            |_| Error::new(ErrorKind::Unavailable, format!("Redis at {address} cannot be reached in time"));
        let mut attempts = timeout_at(until, self.attempts.lock()).await.map_err(busy)?;
        if let Some(connection) = self.live() {
            return Ok(connection);
        }
        timeout_at(until, attempts.pause()).await.map_err(busy)?;
        // Whoever waits behind this gets the connection or has a turn; a caller that gives up gives up its attempt.
        attempts.begun();
        let connection = connector.connect(address, Login::Full).await?;
        attempts.succeeded();
        *self.live.lock() = Some(connection.clone());
        Ok(connection)
    }

    fn live(&self) -> Option<Connection> {
        self.live.lock().clone()
    }

    /// Gives a connection up that does not answer, unless another has taken its place.
    pub(super) fn lost(&self, connection: &Connection) {
        let mut live = self.live.lock();
        if live.as_ref().is_some_and(|live| live.is(connection)) {
            *live = None;
        }
    }

    /// Gives the connection up, whatever its state. Calls in flight are still answered.
    pub(super) fn clear(&self) {
        *self.live.lock() = None;
    }
}

/// Spaces attempts: each failure doubles the time to the next one, up to a second; a random part of it keeps many
/// processes from coming back at the same moment.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    not_before: Option<Instant>,
}

impl Backoff {
    pub(super) async fn pause(&self) {
        if let Some(not_before) = self.not_before {
            sleep_until(not_before).await;
        }
    }

    /// Counts an attempt as failed until it has succeeded.
    pub(super) fn begun(&mut self) {
        let whole = LEAST_PAUSE.saturating_mul(1 << self.failures.min(10)).min(MOST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(Instant::now() + jittered(whole));
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

/// Returns between half and all of a time.
fn jittered(whole: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 1024;
    whole / 2 + whole.mul_f64(random as f64 / 2048.0)
}

const LEAST_PAUSE: Duration = Duration::from_millis(20);
const MOST_PAUSE: Duration = Duration::from_secs(1);
