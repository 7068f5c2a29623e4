//! Leaving nothing behind, however the run ends: no folder and no server.

use super::machine::OrFail;
use crate::failure::Result;
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Child, Command, exit};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// What shells say of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Holds the folder of a run, and the servers that run now.
#[derive(Debug)]
pub(super) struct Tidy {
    root: TempDir,
    servers: Mutex<Vec<Pid>>,
}

impl Tidy {
    /// Makes a folder, and watches for signals that end the program.
    pub(super) fn begin(parent: &Path) -> Result<Arc<Self>> {
        let root = tempfile::Builder::new().prefix("weir-bench-").tempdir_in(parent);
        let root = root.or_fail(&format!("no folder can be made in {}", parent.display()))?;
        let tidy = Arc::new(Self { root, servers: Mutex::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let runtime = runtime.or_fail("signals cannot be watched")?;
        let watched = tidy.clone();
        std::thread::spawn(move || {
            // A watch that cannot begin leaves signals to do what they do by themselves.
            if runtime.block_on(ended()).is_ok() {
                watched.end();
            }
        });
        Ok(tidy)
    }

    /// Returns the folder that everything is in.
    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Starts a server, of which no signal can fail to know.
    pub(super) fn start(&self, server: &mut Command) -> std::io::Result<Child> {
        let mut running = self.servers.lock();
        let child = server.spawn()?;
        running.push(Pid::from_child(&child));
        Ok(child)
    }

    /// Kills a server and waits for it. What it kept goes with it, and one that has ended already needs no end.
    pub(super) fn end_server(&self, server: &mut Child) {
        let _ = server.kill();
        // Once it was waited for, its id may be another's.
        let ended = Pid::from_child(server);
        self.servers.lock().retain(|running| *running != ended);
        let _ = server.wait();
    }

    /// Removes the folder. The thread that watches holds this for ever, so nobody else would.
    pub(super) fn remove_folder(&self) {
        // What cannot be removed is in the system's temporary folder, or where the caller can see it.
        let _ = std::fs::remove_dir_all(self.root.path());
    }

    /// Ends the servers and the program, with the lock held so that no other server starts.
    fn end(&self) -> ! {
        let mut servers = self.servers.lock();
        for server in servers.drain(..) {
            // It may just have ended by itself, or have got the same signal.
            let _ = kill_process(server, Signal::KILL);
        }
        self.remove_folder();
        exit(INTERRUPTED)
    }
}

async fn ended() -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
