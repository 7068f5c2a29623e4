//! Shutdown: one signal that everything watches.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

/// Tells every part to finish what it accepted and stop. Clones share the signal.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    token: CancellationToken,
    /// The same, for those who ask on every call: the token takes a lock to tell.
    begun: Arc<AtomicBool>,
}

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
        let watched = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = signal => watched.begin(),
                () = watched.begun() => {}
            }
        });
        shutdown
    }

    /// Gives the signal. Giving it twice is the same.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::Release);
        self.token.cancel();
    }

    /// Returns whether the signal was given.
    pub fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Waits for the signal.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }
}
