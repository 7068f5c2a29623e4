//! Telling what happens.

use super::{Call, StorageLayer, storage_through};
use crate::{Result, Storage};
use std::sync::Arc;
use std::time::Instant;

/// Writes a trace line for every call, with its time, and a debug line for every failure. Shows no data.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceLayer;

impl StorageLayer for TraceLayer {
    fn wrap(&self, inner: Arc<dyn Storage>) -> Arc<dyn Storage> {
        Arc::new(Trace { inner })
    }
}

#[derive(Debug)]
struct Trace {
    inner: Arc<dyn Storage>,
}

impl Trace {
    async fn through<T, F: Future<Output = Result<T>>>(
        &self,
        call: Call,
        _repeatable: bool,
        run: impl Fn() -> F,
    ) -> Result<T> {
        if !tracing::enabled!(tracing::Level::DEBUG) {
            return run().await;
        }
        let begin = Instant::now();
        let outcome = run().await;
        let micros = begin.elapsed().as_micros();
        match &outcome {
            Ok(_) => tracing::trace!(call = call.name(), micros, "done"),
            Err(error) => {
                tracing::debug!(call = call.name(), micros, kind = error.kind().code(), %error, "failed");
            }
        }
        outcome
    }
}

storage_through!(Trace);
