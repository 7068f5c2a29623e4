//! A process that writes, as its parent sees it.

use super::{Ledger, Line, Orders};
use crate::Failure;
use crate::faults::Process;
use crate::storage::lab::Lab;
use eventweir::StreamName;
use std::io;
use std::time::Duration;

/// A process that writes. Dropped, it is killed.
pub(crate) struct Running(Process);

impl Running {
    /// Starts a process on the store at a place.
    pub(crate) fn start(
        lab: &Lab,
        place: &str,
        stream: &StreamName,
        seed: u64,
        life: u64,
    ) -> Result<Self, Failure> {
        let Some(mut command) = lab.child(place) else {
            return Err(Failure::new("the suite was not told how to start a process"));
        };
        Orders { place: place.to_owned(), stream: stream.clone(), seed, life }.give(&mut command);
        Process::spawn(command)
            .map(Self)
            .map_err(|error| Failure::new(format!("no process can be started: {error}")))
    }

    /// Waits until the ledger has `count` more acknowledgements, or until no writer is left.
    pub(crate) async fn acknowledge(&mut self, ledger: &mut Ledger, count: u64) -> Result<(), Failure> {
        let mut left = count;
        while left > 0 {
            match self.next(PATIENCE).await? {
                Some(line) => {
                    left -= u64::from(matches!(line, Line::Acknowledged(..)));
                    ledger.note(line)?;
                }
                None if ledger.failure().is_some() => return Ok(()),
                None => return Err(self.ended()),
            }
        }
        Ok(())
    }

    /// Notes what was said so far.
    pub(crate) async fn listen(&mut self, ledger: &mut Ledger) -> Result<(), Failure> {
        loop {
            match self.0.next_line(SILENCE).await {
                Ok(Some(line)) => Line::parse(&line).map_or(Ok(()), |line| ledger.note(line))?,
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(()),
                Err(error) => return Err(told(&error)),
            }
        }
    }

    pub(crate) async fn pause(&mut self) -> Result<(), Failure> {
        self.0.pause().await.map_err(|error| told(&error))
    }

    pub(crate) fn resume(&mut self) -> Result<(), Failure> {
        self.0.resume().map_err(|error| told(&error))
    }

    /// Kills it, and notes all that it had said.
    pub(crate) async fn kill(mut self, ledger: &mut Ledger) -> Result<(), Failure> {
        self.0.kill().await.map_err(|error| told(&error))?;
        while let Some(line) = self.next(PATIENCE).await? {
            ledger.note(line)?;
        }
        Ok(())
    }

    /// Waits for the next line that means something. `None`: there will be none.
    async fn next(&mut self, patience: Duration) -> Result<Option<Line>, Failure> {
        loop {
            match self.0.next_line(patience).await.map_err(|error| told(&error))? {
                None => return Ok(None),
                // The last one may be cut off.
                Some(line) => {
                    if let Some(line) = Line::parse(&line) {
                        return Ok(Some(line));
                    }
                }
            }
        }
    }

    fn ended(&self) -> Failure {
        Failure::new(format!(
            "the process that writes has ended by itself, and said: {}",
            self.0.complaints()
        ))
    }
}

fn told(error: &io::Error) -> Failure {
    Failure::new(format!("of a process that writes to the store: {error}"))
}

/// Commits take milliseconds, seconds on a bad disk.
const PATIENCE: Duration = Duration::from_secs(30);
/// What stands still says nothing for so long.
const SILENCE: Duration = Duration::from_millis(20);
