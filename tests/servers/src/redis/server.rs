//! One server.

use super::options::RedisOptions;
use super::ports;
use super::resp::{Client, Reply};
use crate::orphan::end_when_orphaned;
use eventweir_conformance::Process;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Runs `redis-server` in a folder of its own. Dropped, it is killed and its folder removed.
#[derive(Debug)]
pub struct RedisServer {
    /// None while it is down.
    process: Option<Process>,
    folder: TempDir,
    port: u16,
    options: RedisOptions,
    kind: Kind,
}

/// What a server is started as.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Alone,
    /// A node of a cluster, that talks with the others on this port.
    ClusterNode {
        bus: u16,
    },
    /// A Sentinel with this configuration.
    Sentinel(String),
}

impl RedisServer {
    /// Starts a server, and returns once it answers.
    ///
    /// # Errors
    /// When redis-server is not installed, or ends at once: with what it said.
    pub async fn start(options: RedisOptions) -> io::Result<Self> {
        Self::start_as(|| Ok(Kind::Alone), &options).await
    }

    /// Starts a server of any kind, which is asked for again with every try.
    pub(super) async fn start_as(
        kind: impl Fn() -> io::Result<Kind>,
        options: &RedisOptions,
    ) -> io::Result<Self> {
        let mut tries = 0;
        loop {
            let folder = tempfile::Builder::new().prefix("weir-redis-").tempdir()?;
            let (port, kind) = (ports::free()?, kind()?);
            if let Kind::Sentinel(configuration) = &kind {
                std::fs::write(folder.path().join(SENTINEL_FILE), configuration)?;
            }
            let mut server = Self { process: None, folder, port, options: options.clone(), kind };
            tries += 1;
            match server.launch().await {
                // Somebody else took the port in the meantime.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries < TRIES => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(server),
            }
        }
    }

    /// Returns the URL that the driver takes.
    pub fn url(&self) -> String {
        format!("redis://{}{}", self.login(), self.address())
    }

    /// Returns what stands before the addresses in URLs.
    pub(super) fn login(&self) -> String {
        self.options.password.as_ref().map_or_else(String::new, |password| format!(":{password}@"))
    }

    /// Returns `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns the port, which stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the port of the cluster's bus, zero where there is none.
    pub(super) fn bus(&self) -> u16 {
        if let Kind::ClusterNode { bus } = self.kind { bus } else { 0 }
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.options.password.as_deref()
    }

    /// Returns the folder of its files, which stays over restarts.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Asks a command over a connection of its own, as in `server.ask(&["SET", "key", "value"])`.
    ///
    /// # Errors
    /// The server's refusal, in its words; or that it does not answer.
    pub async fn ask<A: AsRef<[u8]>>(&self, command: &[A]) -> io::Result<Reply> {
        let mut client = Client::connect(self.port, self.options.password.as_deref()).await?;
        client.ask(command).await
    }

    /// Looks a line of `INFO` up; empty when there is none of that name.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn info(&self, name: &str) -> io::Result<String> {
        Ok(self.ask(&["INFO", "everything"]).await?.info(name).unwrap_or_default())
    }

    /// Kills it (SIGKILL).
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&mut self) -> io::Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill().await?;
        }
        Ok(())
    }

    /// Asks it to end (SIGTERM): it writes what it has to write, and is gone.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(&mut self) -> io::Result<()> {
        if let Some(mut process) = self.process.take() {
            process.terminate(PATIENCE).await?;
        }
        Ok(())
    }

    /// Starts it again, on the same port and folder, and returns once it has loaded what it had. Kills it before, if it runs.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.kill().await?;
        self.launch().await
    }

    /// Stops it (SIGSTOP): it keeps its connections and answers nothing.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn pause(&mut self) -> io::Result<()> {
        self.running()?.pause().await
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&mut self) -> io::Result<()> {
        self.running()?.resume()
    }

    /// Returns whether it was started and not stopped or killed by this handle.
    pub fn is_up(&self) -> bool {
        self.process.is_some()
    }

    fn running(&mut self) -> io::Result<&mut Process> {
        let down = || io::Error::new(io::ErrorKind::NotConnected, "the Redis server is down");
        self.process.as_mut().ok_or_else(down)
    }

    async fn launch(&mut self) -> io::Result<()> {
        let process = Process::spawn(self.command()).map_err(not_installed)?;
        end_when_orphaned(&process)?;
        self.wait_ready(process).await
    }

    fn command(&self) -> Command {
        let mut command = Command::new("redis-server");
        command.current_dir(self.folder.path());
        if let Kind::Sentinel(_) = self.kind {
            command.arg(SENTINEL_FILE).arg("--sentinel");
        } else {
            command.arg("--dir").arg(self.folder.path());
            for (directive, value) in self.options.directives() {
                command.arg(format!("--{directive}")).arg(value);
            }
        }
        if let Kind::ClusterNode { bus } = self.kind {
            command.args(["--cluster-enabled", "yes", "--cluster-port", &bus.to_string()]);
        }
        command.arg("--port").arg(self.port.to_string()).arg("--logfile").arg(self.log());
        command
    }

    /// Waits until this process, not another on the same port, answers and has loaded its data.
    async fn wait_ready(&mut self, mut process: Process) -> io::Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.answers(process.id()).await {
                Ok(()) => {
                    self.process = Some(process);
                    return Ok(());
                }
                Err(_) if process.wait(Duration::ZERO).await.is_ok() => {
                    return Err(self.ended_at_once(&process).await);
                }
                Err(error) if Instant::now() > end => {
                    let why = format!(
                        "redis-server does not get ready: {error}; its log ends: {}",
                        self.end_of_log()
                    );
                    return Err(io::Error::new(io::ErrorKind::TimedOut, why));
                }
                Err(_) => sleep(LOOK).await,
            }
        }
    }

    async fn answers(&self, process: u32) -> io::Result<()> {
        let mut client = Client::connect(self.port, self.options.password.as_deref()).await?;
        let info = client.ask(&["INFO", "server"]).await?;
        if info.info("process_id") != Some(process.to_string()) {
            return Err(io::Error::other("another server answers on the port"));
        }
        client.ask(&["PING"]).await.map(drop)
    }

    async fn ended_at_once(&self, process: &Process) -> io::Error {
        let end = Instant::now() + Duration::from_secs(1);
        // A directive that it does not know is told before there is a log.
        while self.end_of_log().is_empty() && process.complaints().is_empty() && Instant::now() < end {
            sleep(LOOK).await;
        }
        let said = self.end_of_log() + &process.complaints();
        let taken = said.contains("Address already in use") || said.contains("Failed listening");
        let kind = if taken { io::ErrorKind::AddrInUse } else { io::ErrorKind::Other };
        io::Error::new(kind, format!("redis-server ended at once, and said: {said}"))
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Returns the end of the server's log, for messages.
    pub fn end_of_log(&self) -> String {
        let log = std::fs::read(self.log()).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(2000)..]).into_owned()
    }
}

fn not_installed(error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound {
        return error;
    }
    io::Error::new(io::ErrorKind::NotFound, "redis-server is not installed; `scripts/test tools` installs it")
}

const SENTINEL_FILE: &str = "sentinel.conf";
/// Ports are taken by others now and then, hardly several times in a row.
const TRIES: usize = 20;
/// A server starts within milliseconds, a large append-only file is loaded within seconds.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(5);
