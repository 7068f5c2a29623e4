//! Who may do what.

mod allow_all;
mod cached;
mod static_tokens;

pub use allow_all::AllowAll;
pub use cached::CachedAuth;
pub use static_tokens::{StaticTokens, TokenEntry, hash_token};

use crate::{ChannelName, CursorName, QueueName, Result, Selector, Source};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;

/// Decides who a client is and what it may do.
///
/// "No" and "cannot tell now" are different answers: [`Unauthenticated`](crate::ErrorKind::Unauthenticated) and
/// [`PermissionDenied`](crate::ErrorKind::PermissionDenied) are final, while [`Unavailable`](crate::ErrorKind::Unavailable) asks
/// the client to come again.
#[async_trait]
pub trait Auth: fmt::Debug + Send + Sync + 'static {
    /// Says who presents these credentials.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) when nobody does, [`Unavailable`](crate::ErrorKind::Unavailable)
    /// when it cannot be told now.
    async fn authenticate(&self, credentials: &Credentials) -> Result<Principal>;

    /// Agrees to an action, by returning `Ok`.
    ///
    /// Asked before every action of a session, and again during a long subscription, so that a right that was taken away
    /// ends within a bounded time. It must be fast or cache.
    ///
    /// # Errors
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied) when the principal may not,
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) when it is no longer known,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when it cannot be told now.
    async fn authorize(&self, who: &Principal, action: &Action<'_>) -> Result<()>;
}

/// Holds what a client presents. Its `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credentials {
    /// Nothing.
    Anonymous,
    /// A bearer token.
    Token(Arc<str>),
}

impl Credentials {
    /// Presents a token.
    pub fn token(token: &str) -> Self {
        Self::Token(token.into())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Token(_) => "Token(hidden)",
        })
    }
}

const ANONYMOUS: &str = "anonymous";

/// Names a client that was authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal(Arc<str>);

impl Principal {
    /// Names a principal. The name is for rights and logs and must not be a secret.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Returns the principal that nobody had to prove to be: `anonymous`.
    pub fn anonymous() -> Self {
        Self::new(ANONYMOUS)
    }

    /// Returns whether nobody had to prove to be this one.
    pub fn is_anonymous(&self) -> bool {
        self.name() == ANONYMOUS
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns a client id as the source of this principal's events: `NAME/ID`, so that nobody can publish as another's client
    /// and hide events from it; for an anonymous one the id itself. A source that has the name already stays as it is.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when name and id together are too long.
    pub fn own_source(&self, source: &Source) -> Result<Source> {
        let name = self.name();
        let bound =
            source.as_str().strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if self.is_anonymous() || bound {
            return Ok(source.clone());
        }
        Source::new(&format!("{name}/{source}"))
    }
}

/// Names what a session wants to do.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Action<'a> {
    /// Publish to a channel.
    Publish(&'a ChannelName),
    /// Read a selection, and list its channels.
    Read(&'a Selector),
    /// Look up, move and remove a cursor.
    Consume(&'a CursorName),
    /// Work on a queue.
    Work(&'a QueueName),
    /// Delete, trim and inspect everything.
    Admin,
}
