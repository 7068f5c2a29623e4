//! A server under test: a child process of the same program.

use super::machine::{self, OrFail};
use super::runner::Context;
use super::tidy::Tidy;
use crate::failure::{Failure, Result};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// A store with a long log needs a while to open.
const START: Duration = Duration::from_secs(60);

/// Runs a server until it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    tidy: Arc<Tidy>,
}

impl Server {
    /// Starts `weir serve` on a storage URL, in a folder where no configuration is.
    pub(super) fn weir(context: &Context, storage: &str, folder: &Path) -> Result<Self> {
        let fixed = ["serve", "--http", "127.0.0.1:0", "--log", "error", "--storage"];
        Self::start(context, fixed.into_iter().chain([storage]), folder)
    }

    /// Starts the bare server with further arguments.
    pub(super) fn bare<'a>(
        context: &Context,
        arguments: impl IntoIterator<Item = &'a OsStr>,
        folder: &Path,
    ) -> Result<Self> {
        Self::start(context, [OsStr::new("bench-bare")].into_iter().chain(arguments), folder)
    }

    fn start(
        context: &Context,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        folder: &Path,
    ) -> Result<Self> {
        let program = std::env::current_exe().or_fail("the program cannot find itself")?;
        let settings = std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"WEIR_"));
        let mut command = Command::new(program);
        for (name, _) in settings {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let tidy = context.tidy.clone();
        let mut child = tidy.start(&mut command).or_fail("the server under test cannot be started")?;
        let stdout = child.stdout.take();
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), tidy };
        server.address = stdout.and_then(first_address).ok_or_else(|| {
            Failure::failed("the server under test did not start; what it says stands above")
        })?;
        Ok(server)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn processor_time(&self) -> Result<Duration> {
        machine::processor_time(self.child.id())
    }

    pub(super) fn memory(&self) -> Result<u64> {
        machine::memory(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tidy.end_server(&mut self.child);
    }
}

/// Waits for the line that says where, on a thread of its own, which ends with the server.
fn first_address(stdout: ChildStdout) -> Option<SocketAddr> {
    let (found, address) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.next().and_then(Result::ok).unwrap_or_default();
        let _ = found.send(line.split_once("http://").and_then(|(_, rest)| rest.trim().parse().ok()));
        // A pipe that nobody reads would stop the server once it is full.
        lines.for_each(drop);
    });
    address.recv_timeout(START).ok().flatten()
}
