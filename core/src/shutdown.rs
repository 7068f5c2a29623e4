//! Shutdown: one signal that everything watches.

use std::future::Future;
use tokio_util::sync::CancellationToken;

/// Tells every part to finish what it accepted and stop. Clones share the signal.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Makes a signal that nobody has given yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a signal that is given when a future ends, such as one that waits for Ctrl-C.
    ///
    /// The future runs on the current Tokio runtime until it ends or every clone of the signal is gone.
    pub fn when(signal: impl Future<Output = ()> + Send + 'static) -> Self {
        let shutdown = Self::new();
        let (given, token) = (shutdown.0.clone(), shutdown.0.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = signal => given.cancel(),
                () = token.cancelled() => {}
            }
        });
        shutdown
    }

    /// Gives the signal. Giving it twice is the same.
    pub fn begin(&self) {
        self.0.cancel();
    }

    /// Returns whether the signal was given.
    pub fn has_begun(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits for the signal.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }
}
