//! A process that is stopped, continued and killed.

mod signal;

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

/// Runs a program that the suite stops, continues and kills. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    ended: Option<ExitStatus>,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Arc<Mutex<VecDeque<u8>>>,
    listener: AbortHandle,
}

impl Process {
    /// Starts a program without input. What it prints is read line by line; the end of what it complains is kept.
    ///
    /// # Errors
    /// When it cannot be started.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let pipes = (child.stdout.take(), child.stderr.take());
        let (Some(stdout), Some(stderr)) = pipes else {
            return Err(io::Error::other("the process has no pipes"));
        };
        let (stdout, stderr) = match (ChildStdout::from_std(stdout), ChildStderr::from_std(stderr)) {
            (Ok(stdout), Ok(stderr)) => (stdout, stderr),
            (Err(error), _) | (_, Err(error)) => {
                end(&mut child);
                return Err(error);
            }
        };
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let listener = tokio::spawn(listen(stderr, kept.clone())).abort_handle();
        let stdout = BufReader::new(stdout).lines();
        Ok(Self { child, ended: None, stdout, stderr: kept, listener })
    }

    /// Returns the number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the next line that it prints. `None` when it prints no more, whether it has ended or not.
    ///
    /// # Errors
    /// `TimedOut` when none comes in time, with the end of what it complained.
    ///
    /// # Cancel safety
    /// Dropped, it loses nothing: what came of a line is there for the next call.
    pub async fn next_line(&mut self, patience: Duration) -> io::Result<Option<String>> {
        match timeout(patience, self.stdout.next_line()).await {
            Ok(line) => line,
            Err(_) => Err(self.late(&format!("printed no line in {} ms", patience.as_millis()))),
        }
    }

    /// Returns the end of what it complained so far, for messages.
    pub fn complaints(&self) -> String {
        let kept: Vec<u8> = self.stderr.lock().iter().copied().collect();
        String::from_utf8_lossy(&kept).into_owned()
    }

    /// Kills it (SIGKILL), and waits until it is gone. Lines that it has printed can still be read.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.ended()? {
            return Ok(status);
        }
        self.child.kill()?;
        self.wait(PATIENCE).await
    }

    /// Asks it to end (SIGTERM), and waits until it is gone.
    ///
    /// # Errors
    /// `TimedOut` when it does not end in time: it still runs then. When it has ended already, that is no error.
    pub async fn terminate(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        if self.ended()?.is_none() {
            signal::terminate(&self.child)?;
        }
        self.wait(patience).await
    }

    /// Stops it (SIGSTOP), and returns once it stands still.
    ///
    /// # Errors
    /// When it has ended already.
    pub async fn pause(&mut self) -> io::Result<()> {
        self.expect_running()?;
        signal::stop(&self.child)?;
        let end = Instant::now() + PATIENCE;
        while !signal::has_stopped(&self.child)? {
            self.expect_running()?;
            if Instant::now() > end {
                return Err(self.late("did not stop"));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// When it has ended already.
    pub fn resume(&mut self) -> io::Result<()> {
        self.expect_running()?;
        signal::go_on(&self.child)
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// `TimedOut` when it does not end in time: it still runs then.
    pub async fn wait(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if Instant::now() > end {
                return Err(self.late(&format!("did not end in {} ms", patience.as_millis())));
            }
            sleep(LOOK).await;
        }
    }

    /// Returns how it ended, if it has. Its number is not used again before this has been asked.
    fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended)
    }

    fn expect_running(&mut self) -> io::Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => {
                let why = format!("the process has ended ({status}), and said: {}", self.complaints());
                Err(io::Error::new(io::ErrorKind::BrokenPipe, why))
            }
        }
    }

    fn late(&self, what: &str) -> io::Error {
        let why = format!("the process {} {what}, and said: {}", self.id(), self.complaints());
        io::Error::new(io::ErrorKind::TimedOut, why)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.listener.abort();
        if self.ended.is_none() {
            end(&mut self.child);
        }
    }
}

/// Ends a process that nobody asks about any more. Killed, it ends at once, also when it was stopped.
fn end(child: &mut Child) {
    let (_, _) = (child.kill(), child.wait());
}

/// Keeps the end of what a process complains, so that it never waits for a reader.
async fn listen(mut stderr: ChildStderr, kept: Arc<Mutex<VecDeque<u8>>>) {
    let mut buffer = [0; 4096];
    while let Ok(length) = stderr.read(&mut buffer).await
        && length > 0
    {
        let mut kept = kept.lock();
        kept.extend(&buffer[..length]);
        let surplus = kept.len().saturating_sub(MOST_COMPLAINTS);
        kept.drain(..surplus);
    }
}

const MOST_COMPLAINTS: usize = 64 << 10;
/// Signals take microseconds, more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
