//! The transport trait: a way into the broker.

use crate::{Broker, Result, Shutdown};
use async_trait::async_trait;
use std::fmt::Debug;

/// Lets clients in over one protocol. Implemented by frontends.
///
/// A transport is bound before it is given to the broker, so that its address is known and a port that is taken is told at
/// once; it then serves until shutdown. Everything it does for a client goes through a [`Session`](crate::Session).
#[async_trait]
pub trait Transport: Debug + Send + 'static {
    /// Names the transport in logs.
    fn name(&self) -> &'static str;

    /// Serves clients until shutdown begins, then finishes what was accepted and returns.
    ///
    /// # Errors
    /// Whatever ends the transport early; the broker then shuts down.
    async fn serve(self: Box<Self>, broker: Broker, shutdown: Shutdown) -> Result<()>;
}
