//! A protocol, as the suite needs it: a name, what it can express, and a way to connect.

use super::Address;
use crate::delivery::{Abilities, Client};
use eventweir::Result;
use futures_util::future::BoxFuture;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

/// Names a protocol and makes its clients.
///
/// ```ignore
/// let mine = Protocol::new("mine", Abilities::ALL, |address| async move {
///     Ok(Box::new(MyClient::connect(address.socket()).await?) as Box<dyn Client>)
/// });
/// ```
#[derive(Clone)]
pub struct Protocol {
    name: String,
    abilities: Abilities,
    connect: Arc<Connect>,
    witness: Option<Box<Protocol>>,
}

type Connect = dyn Fn(Address) -> BoxFuture<'static, Result<Box<dyn Client>>> + Send + Sync;

impl Protocol {
    /// Names a protocol, says what it can express, and how a client of it is made.
    ///
    /// `connect` may put off connecting to the client's first call; a connection that fails is an error of either.
    pub fn new<F, R>(name: impl Into<String>, abilities: Abilities, connect: F) -> Self
    where
        F: Fn(Address) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Box<dyn Client>>> + Send + 'static,
    {
        let connect = Arc::new(move |address| -> BoxFuture<'static, _> { Box::pin(connect(address)) });
        Self { name: name.into(), abilities, connect, witness: None }
    }

    /// Names another protocol, by which the suite reads the log in the end: for one that does not select subtrees, or does not say
    /// where its events are.
    pub fn with_witness(mut self, witness: Protocol) -> Self {
        self.witness = Some(Box::new(witness));
        self
    }

    /// Returns the name for reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the protocol can express.
    pub fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    pub(super) fn witness(&self) -> &Protocol {
        self.witness.as_deref().unwrap_or(self)
    }

    /// Makes a client.
    ///
    /// # Errors
    /// What the client's making answers: `Unavailable` when nothing answers there.
    pub async fn connect(&self, address: Address) -> Result<Box<dyn Client>> {
        (self.connect)(address).await
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protocol")
            .field("name", &self.name)
            .field("abilities", &self.abilities)
            .finish_non_exhaustive()
    }
}
