//! Signals: one ends the run once it has tidied up, the second at once.

use crate::failure::{Failure, Result};
use eventweir::Shutdown;
use std::io::Write;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What shells say of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Listens to the signals that end a run.
pub(super) struct Signals(Shutdown);

impl Signals {
    /// Begins to listen, on a thread that lives as long as the process.
    pub(super) fn listen() -> Result<Self> {
        let refused = |error| Failure::failed(format!("signals cannot be received: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(refused)?;
        let stop = Shutdown::new();
        let given = stop.clone();
        let listening = {
            let _inside = runtime.enter();
            let listen = |kind| signal(kind).map_err(refused);
            (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?)
        };
        let thread = std::thread::Builder::new().name("signals".to_owned());
        thread.spawn(move || runtime.block_on(act(listening, given))).map_err(refused)?;
        Ok(Self(stop))
    }

    /// Returns the signal for the suite.
    pub(super) fn stop(&self) -> Shutdown {
        self.0.clone()
    }

    /// Returns whether the run was ended.
    pub(super) fn came(&self) -> bool {
        self.0.has_begun()
    }
}

async fn act((mut interrupt, mut terminate): (Signal, Signal), stop: Shutdown) {
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if stop.has_begun() {
            std::process::exit(INTERRUPTED);
        }
        stop.begin();
        let told = "weir: ending, once what the run made is removed; a second signal ends at once";
        // A closed stderr leaves nobody to tell.
        let _ = writeln!(std::io::stderr(), "{told}");
    }
}
