//! What the writer is asked, and how it answers once the transaction is durable.

use super::remove::Step;
use crate::streams::StreamView;
use eventweir::{ChannelName, Commit, Error, Receipt, Result, Retention, Sequence, StreamName, Timestamp};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// A request, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Request<C, T> {
    pub(super) what: C,
    pub(super) reply: oneshot::Sender<Result<T>>,
}

/// What the writer can be asked.
#[derive(Debug)]
pub(crate) enum Command {
    Commit(
        Request<(StreamName, Commit), Receipt>,
        #[allow(dead_code, reason = "held until answered")] OwnedSemaphorePermit,
    ),
    /// Makes a stream that does not exist.
    Ensure(Request<StreamName, Arc<StreamView>>),
    Trim(Request<(StreamName, Retention, Timestamp, usize), Step>),
    /// Forgets some ids whose window is over.
    Fade(Request<StreamName, Step>),
    DeleteChannel(Request<(StreamName, ChannelName, Option<Sequence>), Step>),
    DeleteStream(Request<StreamName, ()>),
    Close,
}

impl Command {
    /// Whether it is there to remove something.
    pub(super) fn makes_room(&self) -> bool {
        matches!(self, Self::Trim(_) | Self::Fade(_) | Self::DeleteChannel(_) | Self::DeleteStream(_))
    }
}

/// An answer that waits for the transaction to be durable.
pub(super) enum Answer {
    Receipt(oneshot::Sender<Result<Receipt>>, Result<Receipt>, OwnedSemaphorePermit),
    View(oneshot::Sender<Result<Arc<StreamView>>>, Result<Arc<StreamView>>),
    Step(oneshot::Sender<Result<Step>>, Result<Step>),
    Done(oneshot::Sender<Result<()>>, Result<()>),
}

impl Answer {
    /// Answers. Whoever no longer waits has dropped its call, which the contract allows.
    pub(super) fn send(self) {
        match self {
            Self::Receipt(to, result, _room) => drop(to.send(result)),
            Self::View(to, result) => drop(to.send(result)),
            Self::Step(to, result) => drop(to.send(result)),
            Self::Done(to, result) => drop(to.send(result)),
        }
    }

    /// Answers that the transaction failed, whatever the answer would have been.
    pub(super) fn fail(self, error: Error) {
        match self {
            Self::Receipt(to, ..) => drop(to.send(Err(error))),
            Self::View(to, _) => drop(to.send(Err(error))),
            Self::Step(to, _) => drop(to.send(Err(error))),
            Self::Done(to, _) => drop(to.send(Err(error))),
        }
    }
}
