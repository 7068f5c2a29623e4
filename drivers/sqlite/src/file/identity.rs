//! Who a file is, so that a copy of it is noticed.
//!
//! A copy that is written to gives its sequences to other events than the original. So it gets new epochs. A file is known by
//! its number and its time of birth: a copy has others, whereas a device's number may change when a machine starts.

use crate::error::map_io;
use eventweir::Result;
use rusqlite::{Connection, OptionalExtension, params};
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// What tells a file from its copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    number: u64,
    born: u64,
}

impl Identity {
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let metadata = fs::metadata(path).map_err(|error| map_io(error, "looking at the database file"))?;
        let born = metadata.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        Ok(Self { number: number(&metadata), born: born.map_or(0, |born| born.as_nanos() as u64) })
    }

    fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8..].copy_from_slice(&self.born.to_le_bytes());
        bytes
    }

    pub(crate) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .execute("insert or replace into meta values ('identity', ?)", params![self.to_bytes()])
            .map(drop)
    }
}

#[cfg(unix)]
fn number(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> u64 {
    0
}

/// Returns whether the file is the one that it was when it was last opened for writing.
pub(crate) fn check_identity(connection: &Connection, now: Identity) -> rusqlite::Result<bool> {
    let known: Option<Vec<u8>> = connection
        .query_row("select value from meta where key = 'identity'", [], |row| row.get(0))
        .optional()?;
    Ok(known.is_some_and(|known| known == now.to_bytes()))
}
