//! Giving up in time.

use super::{Call, StorageLayer, storage_through};
use crate::{Effect, Error, ErrorKind, Result, Storage};
use futures_util::FutureExt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Ends calls that take too long. A commit that is cut off may have been carried out, and its error says so.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer(Duration);

impl TimeoutLayer {
    /// Gives each call this long.
    pub fn new(span: Duration) -> Self {
        Self(span)
    }
}

impl Default for TimeoutLayer {
    /// Gives each call 30 s.
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

impl StorageLayer for TimeoutLayer {
    fn wrap(&self, inner: Arc<dyn Storage>) -> Arc<dyn Storage> {
        Arc::new(Timeout { inner, span: self.0 })
    }
}

#[derive(Debug)]
struct Timeout {
    inner: Arc<dyn Storage>,
    span: Duration,
}

impl Timeout {
    async fn through<T, F: Future<Output = Result<T>>>(
        &self,
        call: Call,
        _repeatable: bool,
        run: impl Fn() -> F,
    ) -> Result<T> {
        let mut running = pin!(run());
        // What is done at once needs no timer, nor a look at the clock.
        if let Some(outcome) = (&mut running).now_or_never() {
            return outcome;
        }
        match tokio::time::timeout(self.span, running).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let effect = if call.changes() { Effect::Unknown } else { Effect::NotApplied };
                let message = format!("the store did not answer within {} ms", self.span.as_millis());
                Err(Error::new(ErrorKind::Timeout, message).with_operation(call.name()).with_effect(effect))
            }
        }
    }
}

storage_through!(Timeout);
