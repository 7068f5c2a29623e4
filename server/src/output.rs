//! Stdout, whose reader may leave at any time.

use crate::failure::{Failure, Result};
use std::io::{BufWriter, ErrorKind, Stdout, Write};

/// Writes to stdout. A reader that has left, as `head` does, ends the command quietly.
#[derive(Debug)]
pub(crate) struct Output(BufWriter<Stdout>);

impl Output {
    /// Writes to the stdout of the process.
    pub(crate) fn stdout() -> Self {
        Self(BufWriter::new(std::io::stdout()))
    }

    /// Writes a line and shows it at once.
    pub(crate) fn line(&mut self, line: &str) -> Result<()> {
        self.push(line.as_bytes())?;
        self.push(b"\n")?;
        self.flush()
    }

    /// Writes text and shows it at once.
    pub(crate) fn text(&mut self, text: &str) -> Result<()> {
        self.push(text.as_bytes())?;
        self.flush()
    }

    /// Writes bytes, to be shown with the next flush.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).map_err(|error| failure(&error))
    }

    /// Shows what was written.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.0.flush().map_err(|error| failure(&error))
    }
}

fn failure(error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::quiet(),
        _ => Failure::failed(format!("the output cannot be written: {error}")),
    }
}
