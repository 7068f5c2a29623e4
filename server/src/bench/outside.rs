//! Servers of another make, as children of this process.

use super::machine::OrFail;
use super::runner::Context;
use super::tidy::Tidy;
use crate::failure::{Failure, Result};
use std::ffi::OsString;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Somebody else may take the port that was free a moment ago.
const TRIES: usize = 3;
/// So much of what a server said is shown when it did not start.
const SHOWN: usize = 500;

/// Runs a server in a folder of its own until it is dropped.
#[derive(Debug)]
pub(super) struct Outside {
    child: Child,
    address: SocketAddr,
    tidy: Arc<Tidy>,
    _folder: TempDir,
}

impl Outside {
    /// Starts a program on a free port, with the arguments that are made of port and folder, and waits until it is ready.
    pub(super) fn start(
        context: &Context,
        program: &Path,
        arguments: impl Fn(u16, &Path) -> Vec<OsString>,
        is_ready: impl Fn(SocketAddr) -> bool,
    ) -> Result<Self> {
        let mut last = String::new();
        for _ in 0..TRIES {
            let folder = context.folder()?;
            let address = free_address()?;
            let log = folder.path().join("server.log");
            let said = File::create(&log).or_fail("the server's output cannot be kept")?;
            let also_said = said.try_clone().or_fail("the server's output cannot be kept")?;
            let mut command = Command::new(program);
            command.args(arguments(address.port(), folder.path())).current_dir(folder.path());
            command.stdin(Stdio::null()).stdout(said).stderr(also_said);
            let tidy = context.tidy.clone();
            let child =
                tidy.start(&mut command).or_fail(&format!("{} cannot be started", program.display()))?;
            let mut server = Self { child, address, tidy, _folder: folder };
            if server.gets_ready(&is_ready) {
                return Ok(server);
            }
            last = std::fs::read_to_string(&log).unwrap_or_default();
        }
        let shown: String = last.chars().skip(last.chars().count().saturating_sub(SHOWN)).collect();
        Err(Failure::failed(format!("{} did not start: {shown}", program.display())))
    }

    fn gets_ready(&mut self, is_ready: impl Fn(SocketAddr) -> bool) -> bool {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            if is_ready(self.address) {
                return true;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        false
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.tidy.end_server(&mut self.child);
    }
}

/// Finds a program where `scripts/test tools` puts it, or on the path.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    // The folder of `target/release/weir` has one for tools beside it.
    let tools = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.parent()?.join("tools/bin")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = tools.into_iter().chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).or_fail("no port can be had")?;
    listener.local_addr().or_fail("no port can be had")
}
