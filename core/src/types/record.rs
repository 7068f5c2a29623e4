//! Small named documents, changed by compare-and-set.

use super::RecordKey;
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;

/// Holds a small named document of a stream: what must be durable and the same on every broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Counts changes, from 1; a record that was removed and made again continues from 1.
    pub version: u64,
    /// The document.
    pub value: Bytes,
}

impl Record {
    /// Greatest length of a value in bytes: 1 MiB.
    pub const MAX_BYTES: usize = 1 << 20;
}

/// Changes, creates or removes a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordChange {
    /// The record's key.
    pub key: RecordKey,
    /// What it must be now.
    pub expect: RecordExpect,
    /// The new value; `None` removes it.
    pub value: Option<Bytes>,
}

/// Says what a record must be for a change to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordExpect {
    /// It does not exist.
    Absent,
    /// It has this version.
    Version(u64),
    /// Anything.
    Any,
}

impl RecordChange {
    /// Decides the change, the same on every driver: the new version, or `None` when the record is removed.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) when the record is another than expected, and [`TooLarge`](ErrorKind::TooLarge) when
    /// the value is.
    pub fn decide(&self, current: Option<u64>) -> Result<Option<u64>> {
        let holds = match self.expect {
            RecordExpect::Any => true,
            RecordExpect::Absent => current.is_none(),
            RecordExpect::Version(version) => current == Some(version),
        };
        if !holds {
            let found = current
                .map_or_else(|| "does not exist".to_owned(), |version| format!("has version {version}"));
            return Err(Error::new(ErrorKind::Conflict, format!("the record {:?} {found}", self.key)));
        }
        match &self.value {
            None => Ok(None),
            Some(value) if value.len() > Record::MAX_BYTES => {
                Err(Error::new(ErrorKind::TooLarge, "a record has at most 1 MiB"))
            }
            Some(_) => Ok(Some(current.unwrap_or(0) + 1)),
        }
    }
}
