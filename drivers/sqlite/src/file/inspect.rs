//! Looking at a file before anything may write to it.

use super::{beside, open_reader};
use crate::error::{Work, map_io};
use crate::schema;
use eventweir::{Error, ErrorKind, Result};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

const HEADER: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";

/// What was found at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing, or an empty file.
    Nothing,
    /// A store of this driver, of this version of the schema.
    Store(i32),
}

/// Finds out what is at a path, by reading only. What is not a whole store of this driver is refused and left as it is.
pub(crate) fn inspect(path: &Path) -> Result<Found> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(map_io(error, &format!("opening {}", path.display()))),
    };
    let metadata = file.metadata().map_err(|error| map_io(error, "looking at the database file"))?;
    if metadata.is_dir() {
        return Err(Error::new(ErrorKind::Config, format!("{} is a directory, not a file", path.display())));
    }
    if metadata.len() == 0 {
        return Ok(Found::Nothing);
    }
    let mut header = Vec::with_capacity(HEADER);
    file.by_ref()
        .take(HEADER as u64)
        .read_to_end(&mut header)
        .map_err(|error| map_io(error, "reading the database file"))?;
    check_header(path, &header, metadata.len())?;
    let log = fs::metadata(beside(path, "-wal")).map_or(0, |wal| wal.len());
    if log == 0 {
        check_length(path, &header, metadata.len())?;
    }
    check_inside(path)
}

fn check_header(path: &Path, header: &[u8], length: u64) -> Result<()> {
    if !header.starts_with(&MAGIC[..MAGIC.len().min(header.len())]) {
        return Err(refused(path, "is no SQLite database"));
    }
    if length < HEADER as u64 {
        return Err(refused(path, "is cut off: it is shorter than the header of a database"));
    }
    if number(header, 68) != schema::APPLICATION_ID as u32 {
        return Err(refused(path, "is a SQLite database of another program"));
    }
    Ok(())
}

/// Holds the length against what the header says. Not while there is a log beside it: then the missing pages may be there.
fn check_length(path: &Path, header: &[u8], length: u64) -> Result<()> {
    let page = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        size => size,
    };
    if page < 512 || !length.is_multiple_of(page) || length < page * u64::from(number(header, 28)) {
        return Err(refused(path, "is cut off: it is shorter than it says"));
    }
    Ok(())
}

fn number(header: &[u8], at: usize) -> u32 {
    header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// Looks through SQLite's eyes: the log beside the file counts.
fn check_inside(path: &Path) -> Result<Found> {
    let look = |frozen| {
        let connection = open_reader(path, frozen)?;
        let version = schema::version(&connection).work()?;
        // The last page of each table's end, as far as it is cheap to see.
        connection
            .query_row("select count(*), (select max(key) from events) from streams", [], |_| Ok(()))
            .work()?;
        Ok(version)
    };
    let version: i32 = look(false)
        .or_else(|error: Error| if error.kind() == ErrorKind::ReadOnly { look(true) } else { Err(error) })
        .map_err(|error| match error.kind() {
            ErrorKind::Corrupt | ErrorKind::Internal => refused(path, "is damaged").with_source(error),
            _ => error,
        })?;
    if version > schema::VERSION {
        let why = format!(
            "is of version {version}, made by a newer eventweir; this one knows up to {}",
            schema::VERSION
        );
        return Err(Error::new(ErrorKind::Unsupported, format!("{} {why}", path.display())));
    }
    Ok(Found::Store(version))
}

fn refused(path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("{} {why}; it was left as it is", path.display()))
}

/// Returns the directory that a file is in.
pub(crate) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
