//! Signals: one ends politely, the second at once, SIGHUP reads files again.

use crate::failure::{Failure, Result};
use eventweir::Shutdown;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The exit code of a broker that was told twice to stop: 128 and the number of SIGINT, as shells count.
const ENDED_AT_ONCE: i32 = 130;

/// Listens to the signals of the process.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Begins to listen; what comes before this ends the process as usual.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn listen() -> Result<Self> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::failed(format!("signals cannot be received: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Acts on signals for as long as it is polled.
    pub(super) async fn act(mut self, shutdown: Shutdown, reload: watch::Sender<()>) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => stop(&shutdown),
                _ = self.terminate.recv() => stop(&shutdown),
                _ = self.hangup.recv() => {
                    tracing::info!("reading tokens and certificates again");
                    reload.send_replace(());
                }
            }
        }
    }
}

fn stop(shutdown: &Shutdown) {
    if shutdown.has_begun() {
        std::process::exit(ENDED_AT_ONCE);
    }
    tracing::info!("shutting down; a second signal ends at once");
    shutdown.begin();
}
