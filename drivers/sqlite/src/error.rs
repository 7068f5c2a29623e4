//! From SQLite's errors to ours, in one place.

use eventweir::{Effect, Error, ErrorKind};
use rusqlite::ErrorCode;
use std::io;

/// Where in a call SQLite failed: only while committing is it not known what became of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before anything could be kept.
    Work,
    /// While what was written became durable.
    Commit,
}

/// Says what an error of SQLite means for the caller.
pub(crate) fn map(error: &rusqlite::Error, phase: Phase) -> Error {
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        return Error::new(ErrorKind::Corrupt, "the database holds values that this driver did not write")
            .with_source(error.to_string());
    };
    let (kind, message) = classify(failure.code, failure.extended_code);
    let unknown = phase == Phase::Commit
        && matches!(failure.code, ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt)
        && kind != ErrorKind::ReadOnly;
    let effect = if unknown { Effect::Unknown } else { Effect::NotApplied };
    Error::new(kind, message).with_effect(effect).with_source(error.to_string())
}

fn classify(code: ErrorCode, extended: i32) -> (ErrorKind, &'static str) {
    match code {
        ErrorCode::DiskFull => (ErrorKind::StorageFull, "the disk is full"),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            (ErrorKind::ReadOnly, "the database cannot be written")
        }
        // The write-ahead log or its index cannot be made: the directory cannot be written.
        ErrorCode::CannotOpen => {
            (ErrorKind::ReadOnly, "the database file or its directory cannot be opened for writing")
        }
        ErrorCode::SystemIoFailure if extended == IOERR_SHORT_READ => {
            (ErrorKind::Corrupt, "the database file is shorter than it says")
        }
        ErrorCode::SystemIoFailure => (ErrorKind::Unavailable, "the disk does not do what it is told"),
        ErrorCode::DatabaseCorrupt => (ErrorKind::Corrupt, "the database file is damaged"),
        ErrorCode::NotADatabase => (ErrorKind::Corrupt, "the file is no SQLite database"),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            (ErrorKind::Unavailable, "another program holds the database")
        }
        ErrorCode::OutOfMemory => (ErrorKind::Unavailable, "there is no memory left"),
        ErrorCode::TooBig => (ErrorKind::TooLarge, "a value is larger than SQLite keeps"),
        ErrorCode::SchemaChanged => (ErrorKind::Unavailable, "the database was changed by another program"),
        _ => (ErrorKind::Internal, "SQLite refused a statement"),
    }
}

const IOERR_SHORT_READ: i32 = 10 | (2 << 8);

/// Says what an error of the file system means, while `doing` something.
pub(crate) fn map_io(error: io::Error, doing: &str) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::StorageFull,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => ErrorKind::ReadOnly,
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            ErrorKind::Config
        }
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("{doing} failed: {error}")).with_source(error)
}

/// The store was closed, or is closing.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the SQLite store is closed")
}

/// Turns results of SQLite into ours where nothing can have been carried out.
pub(crate) trait Work<T> {
    fn work(self) -> eventweir::Result<T>;
}

impl<T> Work<T> for rusqlite::Result<T> {
    fn work(self) -> eventweir::Result<T> {
        self.map_err(|error| map(&error, Phase::Work))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(extended: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(extended), None)
    }

    #[test]
    fn every_row_of_the_mapping() {
        use Effect::{NotApplied, Unknown};
        let fsync = 10 | (4 << 8);
        for (code, phase, kind, effect, retryable) in [
            (13, Phase::Work, ErrorKind::StorageFull, NotApplied, true),
            (13, Phase::Commit, ErrorKind::StorageFull, NotApplied, true),
            (8, Phase::Work, ErrorKind::ReadOnly, NotApplied, false),
            (8, Phase::Commit, ErrorKind::ReadOnly, NotApplied, false),
            (3, Phase::Work, ErrorKind::ReadOnly, NotApplied, false),
            (14, Phase::Work, ErrorKind::ReadOnly, NotApplied, false),
            (10, Phase::Work, ErrorKind::Unavailable, NotApplied, true),
            (fsync, Phase::Work, ErrorKind::Unavailable, NotApplied, true),
            (fsync, Phase::Commit, ErrorKind::Unavailable, Unknown, true),
            (IOERR_SHORT_READ, Phase::Work, ErrorKind::Corrupt, NotApplied, false),
            (11, Phase::Work, ErrorKind::Corrupt, NotApplied, false),
            (11, Phase::Commit, ErrorKind::Corrupt, Unknown, false),
            (26, Phase::Work, ErrorKind::Corrupt, NotApplied, false),
            (5, Phase::Work, ErrorKind::Unavailable, NotApplied, true),
            (5, Phase::Commit, ErrorKind::Unavailable, NotApplied, true),
            (6, Phase::Work, ErrorKind::Unavailable, NotApplied, true),
            (7, Phase::Work, ErrorKind::Unavailable, NotApplied, true),
            (18, Phase::Work, ErrorKind::TooLarge, NotApplied, false),
            (1, Phase::Work, ErrorKind::Internal, NotApplied, false),
        ] {
            let error = map(&failure(code), phase);
            let row = format!("code {code}, {phase:?}");
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{row}");
            assert_eq!(error.is_retryable(), retryable, "{row}");
        }
        assert_eq!(map(&rusqlite::Error::InvalidQuery, Phase::Work).kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn the_file_system_is_told_apart() {
        for (kind, ours) in [
            (io::ErrorKind::StorageFull, ErrorKind::StorageFull),
            (io::ErrorKind::ReadOnlyFilesystem, ErrorKind::ReadOnly),
            (io::ErrorKind::PermissionDenied, ErrorKind::ReadOnly),
            (io::ErrorKind::NotFound, ErrorKind::Config),
            (io::ErrorKind::Interrupted, ErrorKind::Unavailable),
        ] {
            assert_eq!(map_io(kind.into(), "opening").kind(), ours, "{kind:?}");
        }
    }
}
