//! Trying again.

use super::{Call, StorageLayer, storage_through};
use crate::{Effect, Error, ErrorKind, Result, Storage};
use std::sync::Arc;
use std::time::Duration;

/// Repeats calls that failed and may succeed: those that are retryable, and safe to repeat because their ids make them so.
///
/// A call is repeated when it had no effect, or when a repetition is harmless. The pause doubles from `first_pause` up to
/// `longest_pause`, each shortened at random by up to half, so that many callers do not come back together.
#[derive(Clone, Copy, Debug)]
pub struct RetryLayer {
    tries: u32,
    first_pause: Duration,
    longest_pause: Duration,
}

impl RetryLayer {
    /// Tries a call at most `tries` times.
    pub fn new(tries: u32) -> Self {
        Self { tries: tries.max(1), ..Self::default() }
    }

    /// Sets the first and the longest pause.
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_pause, self.longest_pause) = (first, longest);
        self
    }

    fn pause(&self, failed: u32) -> Duration {
        let doubled =
            self.first_pause.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(self.longest_pause);
        let random = f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX);
        doubled.mul_f64(1.0 - random / 2.0)
    }
}

impl Default for RetryLayer {
    /// Tries 4 times, with pauses from 20 ms to 1 s.
    fn default() -> Self {
        Self { tries: 4, first_pause: Duration::from_millis(20), longest_pause: Duration::from_secs(1) }
    }
}

impl StorageLayer for RetryLayer {
    fn wrap(&self, inner: Arc<dyn Storage>) -> Arc<dyn Storage> {
        Arc::new(Retry { inner, policy: *self })
    }
}

#[derive(Debug)]
struct Retry {
    inner: Arc<dyn Storage>,
    policy: RetryLayer,
}

impl Retry {
    async fn through<T, F: Future<Output = Result<T>>>(
        &self,
        call: Call,
        repeatable: bool,
        run: impl Fn() -> F,
    ) -> Result<T> {
        let mut unknown = false;
        for failed in 1.. {
            let error = match run().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            unknown |= error.effect() == Effect::Unknown;
            if failed >= self.policy.tries || !worth_repeating(&error, repeatable) {
                // An earlier try may have been carried out, whatever the last one says of itself.
                return Err(if unknown { error.with_effect(Effect::Unknown) } else { error });
            }
            tracing::debug!(call = call.name(), failed, %error, "trying again");
            tokio::time::sleep(self.policy.pause(failed)).await;
        }
        Err(Error::new(ErrorKind::Internal, "no call has endless tries"))
    }
}

/// A store that is full stays so for longer than a pause; its caller decides.
fn worth_repeating(error: &Error, repeatable: bool) -> bool {
    error.is_retryable()
        && error.kind() != ErrorKind::StorageFull
        && (repeatable || error.effect() == Effect::NotApplied)
}

storage_through!(Retry);
