//! The one error of the workspace: what happened, whether to retry, and whether it may have happened.

use std::borrow::Cow;
use std::fmt;

/// Carries the result of every fallible call of this workspace.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Says what went wrong, and answers the three questions a caller has.
///
/// [`kind`](Error::kind) says what happened, [`is_retryable`](Error::is_retryable) whether the same call may succeed later,
/// and [`effect`](Error::effect) whether the refused call may nevertheless have been carried out.
///
/// `Display` is one line without the source; walk [`std::error::Error::source`] for the chain. No secret is ever part of it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    operation: Option<&'static str>,
    retryable: bool,
    effect: Effect,
    source: Option<Source>,
}

/// Names what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's input breaks a documented rule.
    InvalidInput,
    /// Something is larger than a documented limit.
    TooLarge,
    /// The caller asks for more than it may have now: a rate, a count, a connection.
    LimitExceeded,
    /// The caller is not known: no credentials, or credentials that nobody issued.
    Unauthenticated,
    /// The caller is known and may not do this.
    PermissionDenied,
    /// The thing asked for does not exist.
    NotFound,
    /// An expectation (head, channel head, cursor, record version) does not hold.
    Conflict,
    /// This composition has no such part.
    Unsupported,
    /// The configuration cannot be used.
    Config,
    /// A part that is needed does not answer now.
    Unavailable,
    /// An answer did not come in time.
    Timeout,
    /// The store has no room.
    StorageFull,
    /// The store can be read and not written, by this process at least.
    ReadOnly,
    /// The store holds bytes that this driver did not write or cannot trust.
    Corrupt,
    /// The part was closed.
    Closed,
    /// Anything else: a defect, of ours or below.
    Internal,
}

impl ErrorKind {
    /// Returns the stable code that wires carry for this kind, in lower snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::TooLarge => "too_large",
            Self::LimitExceeded => "limit_exceeded",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Unsupported => "unsupported",
            Self::Config => "config",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::StorageFull => "storage_full",
            Self::ReadOnly => "read_only",
            Self::Corrupt => "corrupt",
            Self::Closed => "closed",
            Self::Internal => "internal",
        }
    }

    fn retryable_by_default(self) -> bool {
        matches!(self, Self::Unavailable | Self::Timeout | Self::LimitExceeded | Self::StorageFull)
    }
}

/// Says whether a call that ended in an error may have been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing of the call was carried out, and nothing of it will be.
    NotApplied,
    /// The call may have been carried out, wholly or not at all. Ask again with the same ids.
    Unknown,
}

impl Error {
    /// Makes an error of a kind. It is retryable as its kind suggests, and had no effect.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            retryable: kind.retryable_by_default(),
            effect: Effect::NotApplied,
            source: None,
        }))
    }

    /// Makes an [`ErrorKind::InvalidInput`].
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// Sets whether the call may have been carried out.
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// Sets whether the same call may succeed later.
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Names the operation that failed, unless one is named already: the innermost name says most.
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Attaches the error that caused this one.
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns what happened.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns whether the same call may succeed when it is made again.
    ///
    /// A retry of a call whose [`effect`](Self::effect) is unknown is safe when its events, or the commit, carry ids.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns whether the call may have been carried out all the same.
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// Returns the name of the operation that failed, such as `storage.commit`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the text for people, without the operation and the source.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("operation", &self.0.operation)
            .field("retryable", &self.0.retryable)
            .field("effect", &self.0.effect)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_line_without_the_source() {
        let error = Error::new(ErrorKind::Unavailable, "the store does not answer")
            .with_operation("storage.read")
            .with_operation("broker.read")
            .with_source(std::io::Error::other("connection refused"));
        assert_eq!(error.to_string(), "storage.read: the store does not answer");
        assert!(error.is_retryable());
        assert_eq!(error.effect(), Effect::NotApplied);
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "connection refused");
    }
}
