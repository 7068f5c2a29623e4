//! How long a store may take to show that it is there.

use eventweir::{Error, ErrorKind, Result};
use std::future::Future;
use std::time::Duration;

/// Those who ask are machines with little patience themselves. A store that takes longer is not ready, whatever it answers
/// then.
const PATIENCE: Duration = Duration::from_secs(2);

/// Awaits a call on the store, but not for long.
///
/// # Errors
/// What the call answers; [`Timeout`](ErrorKind::Timeout) when it does not.
pub(crate) async fn in_time<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| {
        let seconds = PATIENCE.as_secs();
        Err(Error::new(ErrorKind::Timeout, format!("no answer came within {seconds} seconds")))
    })
}
