//! Making a new file, so that it is there whole or not at all.

use super::beside;
use crate::error::{Work, map_io};
use crate::file::identity::Identity;
use crate::schema;
use eventweir::{Error, ErrorKind, Result};
use rusqlite::Connection;
use std::fs::{self, File};
use std::path::Path;

/// Makes the file beside its place and renames it: a crash in between leaves nothing that could be taken for a store.
pub(crate) fn create(path: &Path) -> Result<()> {
    if fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0) {
        return Err(Error::new(
            ErrorKind::Corrupt,
            format!(
                "{} is there without its database; it belongs to a file that is gone: move it away",
                beside(path, "-wal").display()
            ),
        ));
    }
    let making = beside(path, ".new");
    for leftover in [making.clone(), beside(&making, "-journal")] {
        match fs::remove_file(&leftover) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(map_io(error, "removing what a crash left"));
            }
            _ => {}
        }
    }
    let mut connection = Connection::open(&making).work()?;
    schema::migrate(&mut connection, 0).work()?;
    Identity::of(&making)?.write(&connection).work()?;
    connection.pragma_update(None, "journal_mode", "wal").work()?;
    connection.close().map_err(|(_, error)| error).work()?;
    if let Ok(existing) = fs::metadata(path) {
        fs::set_permissions(&making, existing.permissions())
            .map_err(|error| map_io(error, "keeping the file's permissions"))?;
    }
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    sync(&making).map_err(|error| map_io(error, "syncing the new file"))?;
    fs::rename(&making, path).map_err(|error| map_io(error, "putting the new file in its place"))?;
    sync(super::inspect::directory(path)).map_err(|error| map_io(error, "syncing the directory"))
}
