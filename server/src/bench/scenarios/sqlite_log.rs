//! Stores of the SQLite driver, filled beforehand.

use crate::bench::data;
use crate::failure::Result;
use bytes::Bytes;
use eventweir::{ChannelName, Commit, NewEvent, Sequence, Storage, StreamName};
use eventweir_sqlite::{SqliteConfig, SqliteStorage, Synchronous};
use std::path::Path;

/// Events of each commit while a store is filled.
pub(super) const BATCH: u64 = 1000;

/// Opens a store, with each commit synced or not.
pub(super) async fn open(file: &Path, synced: bool) -> Result<SqliteStorage> {
    let synchronous = if synced { Synchronous::Full } else { Synchronous::Normal };
    Ok(SqliteStorage::open(SqliteConfig::at(file).with_synchronous(synchronous)).await?)
}

/// Makes a store of `events` events, each on the channel that its number is given, and returns its head.
pub(super) async fn fill(
    file: &Path,
    events: u64,
    data: &Bytes,
    channel_of: impl Fn(u64) -> Result<ChannelName>,
) -> Result<Sequence> {
    let storage = open(file, false).await?;
    let head = fill_storage(&storage, (events, BATCH), data, channel_of).await?;
    storage.close().await?;
    Ok(head)
}

/// Appends `events` events to any store, `batch` a commit.
pub(super) async fn fill_storage(
    storage: &impl Storage,
    (events, batch): (u64, u64),
    data: &Bytes,
    channel_of: impl Fn(u64) -> Result<ChannelName>,
) -> Result<Sequence> {
    let (stream, mut head) = (StreamName::main(), Sequence::ZERO);
    for first in (0..events).step_by(usize::try_from(batch).unwrap_or(1)) {
        let last = events.min(first + batch);
        let event = |number| Ok(NewEvent::new(channel_of(number)?, data.clone()));
        let commit = Commit::append((first..last).map(event).collect::<Result<Vec<_>>>()?);
        head = storage.commit(&stream, &commit).await?.head;
    }
    Ok(head)
}

/// Returns the URL of a file for `weir serve`.
pub(super) fn url(file: &Path, synced: bool) -> String {
    let path: String = file.to_string_lossy().into_owned();
    let path = percent_encoding::utf8_percent_encode(&path, PATH);
    format!("sqlite:{path}?synchronous={}", if synced { "full" } else { "normal" })
}

/// What a path in a storage URL cannot hold as it is.
const PATH: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b'?').add(b'#').add(b'%').add(b' ');

/// Names the channels that are spread as [`data`] spreads them.
pub(super) fn spread(number: u64) -> Result<ChannelName> {
    data::channel(data::channel_of(number))
}
