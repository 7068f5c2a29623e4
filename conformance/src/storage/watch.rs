//! Calls that do not come back are told by name, long before the property's time is over.

use eventweir::layers::{StorageLayer, TimeoutLayer};
use eventweir::{Error, ErrorKind, Result, Storage};
use std::sync::Arc;
use std::time::Duration;

/// Wraps a store so that no call waits for ever.
pub(crate) fn watched(storage: Arc<dyn Storage>) -> Arc<dyn Storage> {
    TimeoutLayer::new(PATIENCE).wrap(storage)
}

/// Gives a harness time to open a store, which may mean to start a server.
pub(crate) async fn opening<T>(open: impl Future<Output = Result<T>>) -> Result<T> {
    let opened = tokio::time::timeout(2 * PATIENCE, open).await;
    opened.unwrap_or_else(|_| {
        let message = format!("the harness did not open a store in {} seconds", 2 * PATIENCE.as_secs());
        Err(Error::new(ErrorKind::Timeout, message))
    })
}

/// Calls take milliseconds, seconds on a bad disk.
const PATIENCE: Duration = Duration::from_secs(20);
