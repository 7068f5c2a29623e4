//! The process of a server of a test's own.

use super::binary;
use crate::orphan::end_when_orphaned;
use eventweir_conformance::Process;
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// A server, its port and its folder. The port and the folder outlive the process.
#[derive(Debug)]
pub(super) struct OwnServer {
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
    /// `None` while it is down.
    process: Option<Process>,
}

impl OwnServer {
    pub(super) async fn start(arguments: &[&str]) -> io::Result<Self> {
        let folder = TempDir::with_prefix("weir-mongo-")?;
        // Without a file of its own it would look for one in the working folder and at home.
        fs::write(folder.path().join("empty.toml"), "")?;
        let mut server = Self { folder, port: 0, arguments: Vec::new(), process: None };
        server.set_arguments(arguments);
        let end = Instant::now() + PATIENCE;
        loop {
            server.port = free_port()?;
            match server.launch().await {
                Ok(()) => return Ok(server),
                // Somebody else has taken the port since.
                Err(error) if Instant::now() < end && error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn set_arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(ToString::to_string).collect();
    }

    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Looks for a new primary every half second; every ten, as is the default, tests would wait for that.
    pub(super) fn uri(&self) -> String {
        let set =
            if self.arguments.iter().any(|a| a == "--standalone") { "" } else { "replicaSet=secantus&" };
        format!("mongodb://{}/?{set}heartbeatFrequencyMS=500", self.address())
    }

    pub(super) async fn kill(&mut self) -> io::Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill().await.map(drop),
            None => Ok(()),
        }
    }

    pub(super) async fn stop(&mut self) -> io::Result<()> {
        match self.process.take() {
            Some(mut process) => process.terminate(PATIENCE).await.map(drop),
            None => Ok(()),
        }
    }

    pub(super) async fn restart(&mut self) -> io::Result<()> {
        self.stop().await?;
        let end = Instant::now() + PATIENCE;
        loop {
            match self.launch().await {
                // A connection of its last life may hold the port for a moment.
                Err(error) if Instant::now() < end && error.kind() == io::ErrorKind::AddrInUse => {
                    sleep(LOOK).await
                }
                done => return done,
            }
        }
    }

    pub(super) async fn pause(&mut self) -> io::Result<()> {
        self.running()?.pause().await
    }

    pub(super) fn resume(&mut self) -> io::Result<()> {
        self.running()?.resume()
    }

    fn running(&mut self) -> io::Result<&mut Process> {
        self.process.as_mut().ok_or_else(|| io::Error::new(io::ErrorKind::BrokenPipe, "the server is down"))
    }

    async fn launch(&mut self) -> io::Result<()> {
        let mut process = Process::spawn(self.command()?)?;
        end_when_orphaned(&process)?;
        let end = Instant::now() + PATIENCE;
        while let Some(line) = process.next_line(end.saturating_duration_since(Instant::now())).await? {
            if line.contains("listening on") {
                self.process = Some(process);
                return Ok(());
            }
        }
        let status = process.wait(PATIENCE).await?;
        let said = process.complaints();
        let in_use = said.to_ascii_lowercase().contains("in use");
        let kind = if in_use { io::ErrorKind::AddrInUse } else { io::ErrorKind::Other };
        Err(io::Error::new(kind, format!("the MongoDB-compatible server ended at once ({status}): {said}")))
    }

    fn command(&self) -> io::Result<Command> {
        let mut command = Command::new(binary::find()?);
        let folder = self.folder.path();
        command.arg("--config").arg(folder.join("empty.toml"));
        command.arg("--storage-path").arg(folder.join("data"));
        command.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        // Its defaults are a cache of 4 GB and a log of 128 MB, allocated in full.
        command.args(["--cache-size", "256M", "--log-file-max", "16MB"]);
        // What makes `j: true` true, and what offers `configureFailPoint`.
        command.args(["--sync-on-commit", "--enable-test-commands"]);
        command.args(&self.arguments).current_dir(folder);
        Ok(command)
    }
}

/// Finds a free port below those that outgoing connections get. A client that looks for a server which is down could otherwise
/// be given the server's own port, and connect to itself.
fn free_port() -> io::Result<u16> {
    let random = RandomState::new();
    for attempt in 0..1_000_u32 {
        let port = 12_000 + (random.hash_one(attempt) % 18_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "there is no free port"))
}

/// A start takes a tenth of a second, a recovery half a one, a clean end two; more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);
