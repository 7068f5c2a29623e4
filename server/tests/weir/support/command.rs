//! Commands that end by themselves.

use super::DEADLINE;
use super::broker::weir;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;

/// Holds how a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Returns stdout of a command that did what it was asked.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }
}

/// Runs `weir` in a folder with settings in the environment.
pub(crate) fn run_in(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = weir(folder);
    command.envs(environment.iter().copied()).args(arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    finished(child)
}

/// Runs `weir` with something on stdin.
pub(crate) fn run_with_input(
    folder: &Path,
    environment: &[(&str, &str)],
    arguments: &[&str],
    input: &[u8],
) -> Ran {
    let mut command = weir(folder);
    command.envs(environment.iter().copied()).args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let ran = finished(child);
    writing.join().unwrap();
    ran
}

/// Runs `weir` in a folder, and interrupts it once something holds.
pub(crate) fn stop_after(folder: &Path, arguments: &[&str], holds: impl FnMut() -> bool) -> Ran {
    let mut command = weir(folder);
    let child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    super::wait_until("it is under way", holds);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    finished(child)
}

/// Waits for a command to end, and ends it itself when it does not.
fn finished(child: Child) -> Ran {
    let id = child.id().to_string();
    let (done, deadline) = mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        if deadline.recv_timeout(DEADLINE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    watch.join().unwrap();
    ran(output)
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
