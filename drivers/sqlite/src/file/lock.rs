//! The file beside the database that says who writes to it, and how far each stream had come.
//!
//! Its lock is held by the one process that writes. Behind a header with that process's number it has a slot for each stream:
//! the epoch and the greatest head that was acknowledged, written without a sync. A database that has less than its slot says
//! has lost what was acknowledged (an older copy was put in its place, or power went in `normal` mode), so its sequences would
//! be given out again: the stream gets a new epoch instead, and readers are told.

use super::beside;
use crate::error::map_io;
use crate::key::StreamId;
use eventweir::{Epoch, Error, Result, Sequence};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

const HEADER: u64 = 64;
const SLOT: u64 = 32;
/// Tells a slot that was written from one that was not, or only in part.
const SEAL: u64 = 0x5765_6972_5365_616c;

/// Why a lock was not got.
#[derive(Debug)]
pub(crate) enum LockError {
    /// This process holds it, if it said so.
    Held(Option<u32>),
    /// The file cannot be made or written here.
    Failed(Error),
}

/// Holds the right to write. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Lock(File);

/// How far a stream had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HighWater {
    pub(crate) epoch: Epoch,
    pub(crate) head: Sequence,
}

impl Lock {
    /// Takes the lock of a database, without waiting.
    pub(crate) fn take(path: &Path) -> Result<Self, LockError> {
        let failed = |error| LockError::Failed(map_io(error, "opening the lock file"));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(beside(path, ".lock"))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let header = format!(
            "{:<width$}\n",
            format!("eventweir pid {}", std::process::id()),
            width = HEADER as usize - 1
        );
        file.write_all(header.as_bytes()).map_err(failed)?;
        Ok(Self(file))
    }

    /// Returns how far a stream had come, if that is known.
    pub(crate) fn high_water(&mut self, stream: StreamId) -> Option<HighWater> {
        let mut slot = [0; 24];
        self.seek(stream).ok()?;
        self.0.read_exact(&mut slot).ok()?;
        let word = |at: usize| slot[at..at + 8].try_into().map(u64::from_le_bytes).ok();
        let (epoch, head, seal) = (word(0)?, word(8)?, word(16)?);
        if seal != epoch ^ head ^ SEAL {
            return None;
        }
        Some(HighWater { epoch: Epoch::new(epoch).ok()?, head: Sequence::new(head).ok()? })
    }

    /// Notes how far a stream has come. Best effort: without it only the noticing of lost commits suffers.
    pub(crate) fn note(&mut self, stream: StreamId, water: HighWater) {
        let (epoch, head) = (water.epoch.get(), water.head.get());
        let mut slot = [0; 24];
        slot[..8].copy_from_slice(&epoch.to_le_bytes());
        slot[8..16].copy_from_slice(&head.to_le_bytes());
        slot[16..].copy_from_slice(&(epoch ^ head ^ SEAL).to_le_bytes());
        if let Err(error) = self.write(stream, &slot) {
            tracing::debug!(%error, "the head could not be noted beside the database");
        }
    }

    /// Goes to the place and writes in one step where there is such a step: this happens in every group of commits.
    #[cfg(unix)]
    fn write(&mut self, stream: StreamId, slot: &[u8]) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.0, slot, place(stream))
    }

    #[cfg(not(unix))]
    fn write(&mut self, stream: StreamId, slot: &[u8]) -> std::io::Result<()> {
        self.seek(stream).and_then(|()| self.0.write_all(slot))
    }

    fn seek(&mut self, stream: StreamId) -> std::io::Result<()> {
        self.0.seek(SeekFrom::Start(place(stream))).map(drop)
    }
}

fn place(stream: StreamId) -> u64 {
    HEADER + stream.unsigned_abs() * SLOT
}

fn holder(file: &mut File) -> Option<u32> {
    let mut header = [0; HEADER as usize];
    file.read_exact(&mut header).ok()?;
    std::str::from_utf8(&header).ok()?.trim().strip_prefix("eventweir pid ")?.parse().ok()
}
