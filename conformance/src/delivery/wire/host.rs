//! A broker that the suite may speak to, and what it may do to it.

use super::Address;
use eventweir::{ChannelName, Error, ErrorKind, Result, async_trait};
use std::fmt::Debug;

/// Gives the suite a broker: one that it starts and ends as it likes, or one that runs already.
///
/// Only [`start`](Self::start) is needed. Each other method goes with a flag of [`HostAbilities`]; it is called only when the flag is
/// set, and what is not set is skipped by name.
///
/// All methods are called by one task at a time. Of several brokers over one store each has a host of its own, and one task calls them
/// all.
#[async_trait]
pub trait Host: Debug + Send + Sync + 'static {
    /// Says what may be done to this broker. It does not change.
    fn abilities(&self) -> HostAbilities;

    /// Starts the broker, or finds the one that runs, and returns where it is once it answers.
    ///
    /// Called again after [`stop`](Self::stop) and [`kill`](Self::kill): on the same store then, perhaps at another port.
    ///
    /// # Errors
    /// When it cannot be started or does not answer.
    async fn start(&self) -> Result<Address>;

    /// Ends the broker in good order, and waits until it has ended. Goes with `restart`.
    ///
    /// # Errors
    /// When it does not end.
    async fn stop(&self) -> Result<()> {
        Err(not_implemented("stop"))
    }

    /// Ends the broker as a crash would, at once. Goes with `kill`.
    ///
    /// # Errors
    /// When it does not end.
    async fn kill(&self) -> Result<()> {
        Err(not_implemented("kill"))
    }

    /// Makes the broker stand still, connections and all. Goes with `pause`.
    ///
    /// # Errors
    /// When it goes on.
    async fn pause(&self) -> Result<()> {
        Err(not_implemented("pause"))
    }

    /// Lets the broker go on that stands still. Goes with `pause`.
    ///
    /// # Errors
    /// When it cannot be told.
    async fn resume(&self) -> Result<()> {
        Err(not_implemented("resume"))
    }

    /// Removes the events of one channel. Goes with `remove`.
    ///
    /// # Errors
    /// What the broker answers.
    async fn remove(&self, channel: &ChannelName) -> Result<()> {
        let _ = channel;
        Err(not_implemented("remove"))
    }

    /// Removes the oldest events of the stream until `keep` are left. Goes with `trim`.
    ///
    /// # Errors
    /// What the broker answers.
    async fn trim(&self, keep: u64) -> Result<()> {
        let _ = keep;
        Err(not_implemented("trim"))
    }

    /// Removes the stream, which its next use makes again with another epoch. Goes with `begin_anew`.
    ///
    /// # Errors
    /// What the broker answers.
    async fn begin_anew(&self) -> Result<()> {
        Err(not_implemented("begin_anew"))
    }

    /// Removes every channel at and below one that the suite made: nothing else. Does nothing unless implemented, as is right for
    /// a store that goes with the host.
    ///
    /// # Errors
    /// What the broker answers.
    async fn clean(&self, made: &ChannelName) -> Result<()> {
        let _ = made;
        Ok(())
    }

    /// Ends what [`start`](Self::start) started; called last. Does nothing unless implemented, as is right for a broker that ran
    /// before, and for a host that ends it when it is dropped.
    ///
    /// # Errors
    /// When it does not end.
    async fn leave(&self) -> Result<()> {
        Ok(())
    }
}

/// Says what the suite may do to a broker. Begin with [`NONE`](Self::NONE) and set what is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostAbilities {
    /// The broker can be stopped and started again.
    pub restart: bool,
    /// The broker can be killed and started again.
    pub kill: bool,
    /// The broker can be made to stand still.
    pub pause: bool,
    /// The events of a channel can be removed.
    pub remove: bool,
    /// The whole stream is the suite's to trim.
    pub trim: bool,
    /// The whole stream is the suite's to remove.
    pub begin_anew: bool,
    /// What was acknowledged outlives a stop and a kill.
    pub survives: bool,
}

impl HostAbilities {
    /// Nothing: a broker that runs, and belongs to others too.
    pub const NONE: Self = Self {
        restart: false,
        kill: false,
        pause: false,
        remove: false,
        trim: false,
        begin_anew: false,
        survives: false,
    };
    /// Everything: a broker over a durable store, which the suite starts and nobody else uses.
    pub const ALL: Self = Self {
        restart: true,
        kill: true,
        pause: true,
        remove: true,
        trim: true,
        begin_anew: true,
        survives: true,
    };
}

fn not_implemented(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the host says that it can {what}, and does not implement it"))
}
