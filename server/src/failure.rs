//! How a command ends when it does not end well.

use std::fmt;

/// Ends a command: one sentence for people, and the exit code for scripts.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

/// Says how a command ended. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Done = 0,
    /// It failed, or the broker refused.
    Failed = 1,
    /// It was asked wrongly: a command line or a configuration that cannot be used.
    Usage = 2,
    /// A signal ended it.
    Interrupted = 130,
}

/// Carries the result of a command.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Fails: something did not work, or was refused.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: one_line(&message.into()) }
    }

    /// Fails: a command line or a configuration cannot be used.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: one_line(&message.into()) }
    }

    /// Fails: a signal ended it, and it left nothing behind.
    pub fn interrupted() -> Self {
        Self { exit: Exit::Interrupted, message: "interrupted".to_owned() }
    }

    /// Ends quietly: whoever read the output has seen enough.
    pub fn quiet() -> Self {
        Self { exit: Exit::Done, message: String::new() }
    }

    /// Returns the exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Returns the sentence; empty when there is nothing to say.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<eventweir::Error> for Failure {
    /// Configuration is the caller's to mend; anything else failed.
    fn from(error: eventweir::Error) -> Self {
        let message = with_causes(&error);
        match error.kind() {
            eventweir::ErrorKind::Config => Self::usage(message),
            _ => Self::failed(message),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Returns an error's text with those of its causes, on one line, leaving out what was said already.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    one_line(&text)
}

/// Joins lines, for messages of parsers that draw pictures.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
