//! The tasks of an HTTP/2 connection: owned by it, and ended with it.

use parking_lot::Mutex;
use std::future::Future;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Runs the requests of one connection. When the last clone is dropped, and hyper holds them only while the connection lives, so
/// are they.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Streams {
    fn execute(&self, future: F) {
        let mut tasks = self.0.lock();
        while let Some(ended) = tasks.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "a request ended unexpectedly");
            }
        }
        tasks.spawn(future);
    }
}
