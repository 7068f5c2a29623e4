//! The part of a storage that lists, counts and deletes.

use crate::{
    Bounds, ChannelName, Cursor, CursorName, Error, ErrorKind, Result, Selector, Sequence, Storage,
    StreamName,
};
use async_trait::async_trait;
use std::fmt::Debug;

/// Returns the catalog of a storage, for those who cannot go on without it.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) when the storage has none.
pub fn required(storage: &dyn Storage) -> Result<&dyn Catalog> {
    let none = || Error::new(ErrorKind::Unsupported, "the storage cannot list or delete");
    storage.catalog().ok_or_else(none)
}

/// Lists, counts and deletes what a storage holds.
///
/// Lists are pages in the order of names; nothing that exists throughout a walk is left out of it.
#[async_trait]
pub trait Catalog: Debug + Send + Sync {
    /// Lists the streams that exist.
    ///
    /// # Errors
    /// As [`Storage::read`].
    async fn streams(&self) -> Result<Vec<StreamName>>;

    /// Lists channels that have retained events, by name, from after `after` on, at most `limit`.
    ///
    /// # Errors
    /// As [`Storage::read`].
    async fn channels(
        &self,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>>;

    /// Lists cursors by name, from after `after` on, at most `limit`.
    ///
    /// # Errors
    /// As [`Storage::read`].
    async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>>;

    /// Counts what a stream holds.
    ///
    /// # Errors
    /// As [`Storage::read`].
    async fn usage(&self, stream: &StreamName) -> Result<Usage>;

    /// Removes every event that a channel has at the time of the call. Its readers are told by a gap. Returns how many went.
    ///
    /// # Errors
    /// As [`Storage::commit`].
    async fn delete_channel(&self, stream: &StreamName, channel: &ChannelName) -> Result<u64>;

    /// Removes a stream with everything in it. Used again, its name has a new epoch, and old positions are told a reset.
    ///
    /// # Errors
    /// As [`Storage::commit`].
    async fn delete_stream(&self, stream: &StreamName) -> Result<()>;
}

/// Describes a channel that has retained events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelInfo {
    /// The channel's name.
    pub name: ChannelName,
    /// How many events are retained.
    pub events: u64,
    /// The sequence of the oldest retained event.
    pub first: Sequence,
    /// The sequence of the newest retained event.
    pub last: Sequence,
}

/// Counts what a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The stream's bounds.
    pub bounds: Bounds,
    /// Retained events.
    pub events: u64,
    /// Bytes of data and headers of the retained events.
    pub bytes: u64,
    /// Channels that have retained events.
    pub channels: u64,
    /// Cursors.
    pub cursors: u64,
}
