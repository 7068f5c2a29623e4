//! What a property finds.

use crate::Law;
use eventweir::Error;
use std::error::Error as _;
use std::fmt;

/// Says how a property ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The driver keeps it.
    Held,
    /// The driver does not promise what the property needs; the text says what is missing.
    Skipped(String),
}

/// Says how a driver breaks a law.
#[derive(Clone, Debug)]
pub struct Failure {
    law: Option<Law>,
    what: String,
    script: Option<String>,
    stuck: bool,
}

impl Failure {
    /// Makes a failure of the law that the property is about.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { law: None, what: what.into(), script: None, stuck: false }
    }

    /// Makes a failure of a law.
    pub(crate) fn of(law: Law, what: impl Into<String>) -> Self {
        Self { law: Some(law), ..Self::new(what) }
    }

    /// Makes a failure to come to an end.
    pub(crate) fn stuck(what: impl Into<String>) -> Self {
        Self { stuck: true, ..Self::new(what) }
    }

    /// Makes a failure of a call around the properties, with its causes.
    pub(crate) fn of_call(what: &str, error: &Error) -> Self {
        let mut text = format!("{what}: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            text += &format!(": {error}");
            cause = error.source();
        }
        Self::new(text)
    }

    /// Returns whether something did not come to an end in time.
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Returns how to find it again: the smallest script, and its seed. Empty when it needs none.
    pub fn script(&self) -> &str {
        self.script.as_deref().unwrap_or_default()
    }

    /// Sets the law, unless one is named already: what found the failure knows best.
    pub(crate) fn or_of(mut self, law: Law) -> Self {
        self.law.get_or_insert(law);
        self
    }

    /// Says where it was found.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.what = format!("{place}: {}", self.what);
        self
    }

    /// Attaches the steps that lead to it.
    pub(crate) fn with_script(mut self, script: String) -> Self {
        self.script = Some(script);
        self
    }

    /// Returns the law that is broken.
    pub fn law(&self) -> Law {
        self.law.unwrap_or(Law::Every)
    }

    /// Returns what happened, in a sentence or two.
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl From<Error> for Failure {
    /// A call that had every reason to succeed did not.
    fn from(error: Error) -> Self {
        let stuck = error.kind() == eventweir::ErrorKind::Timeout;
        let what = format!("a call failed that should have succeeded: {error} ({:?})", error.kind());
        Self { stuck, ..Self::new(what) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "law {}: {}", self.law(), self.what)?;
        if let Some(script) = &self.script {
            write!(f, "\n\n{script}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// Returns a failure unless a condition holds. The condition comes first, then what to say when it does not.
macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err($crate::Failure::new(format!($($text)+)));
        }
    };
}
pub(crate) use ensure;

/// Returns a failure of a law unless a condition holds.
macro_rules! ensure_law {
    ($law:expr, $holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err($crate::Failure::of($law, format!($($text)+)));
        }
    };
}
pub(crate) use ensure_law;
