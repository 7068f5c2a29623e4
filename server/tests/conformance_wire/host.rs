//! `weir serve` as a process of its own.

use eventweir::{ChannelName, Error, ErrorKind, Result, async_trait};
use eventweir_conformance::clients::RemoteHost;
use eventweir_conformance::{Address, Host, HostAbilities, Process};
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// Generous: it may end a test and never passes one.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts brokers, one after the other, on the SQLite file of a folder that goes with this.
#[derive(Debug)]
pub(crate) struct WeirProcess {
    // Declared first: the process ends before its folder goes.
    running: Mutex<Option<Running>>,
    folder: TempDir,
    arguments: Vec<String>,
}

#[derive(Debug)]
struct Running {
    process: Process,
    address: Address,
}

impl WeirProcess {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// Starts brokers with further arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Self { running: Mutex::new(None), folder: tempfile::tempdir().unwrap(), arguments }
    }

    /// Returns where the broker runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    async fn administrator(&self) -> Result<RemoteHost> {
        let running = self.running.lock().await;
        let address = running.as_ref().map(|running| running.address.clone()).ok_or_else(none)?;
        Ok(RemoteHost::at(address).alone())
    }
}

/// Prepares to run the program in a folder, without settings of whoever runs the tests.
pub(crate) fn weir(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WEIR_") {
            command.env_remove(name);
        }
    }
    command
}

#[async_trait]
impl Host for WeirProcess {
    fn abilities(&self) -> HostAbilities {
        HostAbilities::ALL
    }

    async fn start(&self) -> Result<Address> {
        let mut command = weir(self.folder.path());
        command.args(["serve", "--http", "127.0.0.1:0"]).args(&self.arguments);
        let mut process = Process::spawn(command).map_err(failed)?;
        let line = process.next_line(PATIENCE).await.map_err(failed)?.unwrap_or_default();
        let Some(url) = line.strip_prefix("weir: http on ") else {
            let complaints = process.complaints();
            let message = format!("the first line was {line:?}; it complained: {complaints}");
            return Err(Error::new(ErrorKind::Unavailable, message));
        };
        let address = Address::resolve(url).await?;
        *self.running.lock().await = Some(Running { process, address: address.clone() });
        Ok(address)
    }

    async fn stop(&self) -> Result<()> {
        let mut running = self.running.lock().await.take().ok_or_else(none)?;
        let status = running.process.terminate(PATIENCE).await.map_err(failed)?;
        match status.success() {
            true => Ok(()),
            false => {
                let complaints = running.process.complaints();
                Err(Error::new(ErrorKind::Internal, format!("it ended with {status}: {complaints}")))
            }
        }
    }

    async fn kill(&self) -> Result<()> {
        let mut running = self.running.lock().await.take().ok_or_else(none)?;
        running.process.kill().await.map(drop).map_err(failed)
    }

    async fn pause(&self) -> Result<()> {
        self.running.lock().await.as_mut().ok_or_else(none)?.process.pause().await.map_err(failed)
    }

    async fn resume(&self) -> Result<()> {
        self.running.lock().await.as_mut().ok_or_else(none)?.process.resume().map_err(failed)
    }

    async fn remove(&self, channel: &ChannelName) -> Result<()> {
        self.administrator().await?.remove(channel).await
    }

    async fn trim(&self, keep: u64) -> Result<()> {
        self.administrator().await?.trim(keep).await
    }

    async fn begin_anew(&self) -> Result<()> {
        self.administrator().await?.begin_anew().await
    }

    async fn leave(&self) -> Result<()> {
        match self.running.lock().await.take() {
            Some(mut running) => running.process.kill().await.map(drop).map_err(failed),
            None => Ok(()),
        }
    }
}

fn none() -> Error {
    Error::new(ErrorKind::Closed, "no broker runs")
}

fn failed(error: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the broker's process failed").with_source(error)
}
