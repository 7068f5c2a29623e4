//! A running broker, stopped when the test ends.

use super::{DEADLINE, Request, wait_until};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;

/// Runs `weir serve` in a folder of the test's own.
pub(crate) struct Broker {
    child: Child,
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

/// Names a signal.
#[derive(Clone, Copy)]
pub(crate) enum Stopping {
    Politely,
    AtOnce,
    Reload,
}

impl Broker {
    /// Starts a broker on a free port and waits for its first line.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_at(folder, "127.0.0.1:0", arguments)
    }

    pub(crate) fn start_at(folder: &Path, listen: &str, arguments: &[&str]) -> Self {
        let log = folder.join("stderr");
        let log_file = File::options().create(true).append(true).open(&log).unwrap();
        let mut child = weir(folder)
            .args(["serve", "--http", listen])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines();
            let _ = send.send(lines.next().and_then(Result::ok).unwrap_or_default());
            // Stdout stays open for as long as the broker lives.
            lines.for_each(drop);
        });
        let line = receive.recv_timeout(DEADLINE).unwrap_or_default();
        let Some(url) = line.strip_prefix("weir: http on ") else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the first line was {line:?}; the log: {}", read(&log));
        };
        let address = url.split("//").nth(1).unwrap().parse().unwrap();
        Self { child, url: url.to_owned(), address, log }
    }

    /// Sends a signal to this process alone.
    pub(crate) fn signal(&self, stopping: Stopping) {
        let name = match stopping {
            Stopping::Politely => "-TERM",
            Stopping::AtOnce => "-KILL",
            Stopping::Reload => "-HUP",
        };
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the broker ended", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Returns what was logged so far.
    pub(crate) fn log(&self) -> String {
        read(&self.log)
    }

    /// Publishes a text and returns its sequence.
    pub(crate) fn publish(&self, channel: &str, data: &str) -> u64 {
        let answer =
            Request::post(&format!("/v1/events{channel}"), data.as_bytes()).send(self.address).unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["sequence"].as_u64().unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Prepares to run the program in a folder, without settings of whoever runs the tests.
pub(super) fn weir(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WEIR_") {
            command.env_remove(name);
        }
    }
    command
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
