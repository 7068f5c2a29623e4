//! Waiting in a queue on behalf of a future that may never be polled again.

use eventweir::{Error, ErrorKind, Result};
use tokio::task::JoinHandle;

/// Drives a future to its end whether or not this one is polled, and stops when this one is dropped.
///
/// Queues hand a free place to the next who waits. Would a caller wait itself and then not be polled, as one branch of a
/// `select` that another one keeps busy, it would keep that place from everyone behind it (law *isolation*).
pub(crate) async fn attended<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    struct StopOnDrop<T>(JoinHandle<T>);
    impl<T> Drop for StopOnDrop<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let mut task = StopOnDrop(tokio::spawn(future));
    let ended = (&mut task.0).await;
    ended.map_err(|error| Error::new(ErrorKind::Internal, "a wait was cut off").with_source(error))
}
