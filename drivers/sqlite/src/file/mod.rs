//! The database file and what stands beside it: who may open it, and whether it is what it was.

mod create;
mod identity;
mod inspect;
mod lock;

pub(crate) use create::create;
pub(crate) use identity::{Identity, check_identity};
pub(crate) use inspect::{Found, inspect};
pub(crate) use lock::{HighWater, Lock, LockError};

use crate::config::{SqliteConfig, Synchronous};
use crate::error::Work;
use crate::schema;
use eventweir::Result;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Another program, such as the `sqlite3` shell, may hold the file for a moment.
const BUSY: Duration = Duration::from_secs(5);

/// SQLite counts no further.
const MOST_PAGES: u64 = 4_294_967_294;

/// Returns the path of a file that stands beside the database.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Opens the one connection that writes.
pub(crate) fn open_writer(config: &SqliteConfig, path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).work()?;
    prepare(&connection).work()?;
    let synchronous = match config.synchronous {
        Synchronous::Full => "full",
        Synchronous::Normal => "normal",
    };
    connection.pragma_update(None, "journal_mode", "wal").work()?;
    connection.pragma_update(None, "synchronous", synchronous).work()?;
    connection.pragma_update(None, "cache_size", -65_536).work()?;
    // Checkpoints are taken by `writer/checkpoint.rs`, which does not hold commits up.
    connection.pragma_update(None, "wal_autocheckpoint", 0).work()?;
    if let Some(bytes) = config.max_bytes {
        let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0)).work()?;
        // SQLite takes the file's own size when that is greater.
        let pages = (bytes / page.unsigned_abs().max(1)).min(MOST_PAGES);
        connection.pragma_update(None, "max_page_count", pages as i64).work()?;
    }
    Ok(connection)
}

/// Opens a connection that reads. `frozen`: nobody can write to the file, so there is no log beside it to look at.
pub(crate) fn open_reader(path: &Path, frozen: bool) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = match frozen {
        false => Connection::open_with_flags(path, flags),
        true => Connection::open_with_flags(frozen_uri(path), flags),
    }
    .work()?;
    prepare(&connection).work()?;
    connection.pragma_update(None, "cache_size", -16_384).work()?;
    schema::read_as_present(&connection).work()?;
    Ok(connection)
}

fn frozen_uri(path: &Path) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
    format!("file:{}?immutable=1", percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC))
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A damaged or hostile schema cannot make functions run.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "memory")
}
