//! Opening a store: who may write, and whether the file is what it was.

use crate::config::SqliteConfig;
use crate::error::Work;
use crate::file::{
    Found, HighWater, Identity, Lock, LockError, check_identity, create, inspect, open_reader, open_writer,
};
use crate::key::StreamId;
use crate::reader::{Readers, load_tail};
use crate::schema;
use crate::storage::{Inner, Role};
use crate::streams::{StreamRow, StreamView, Streams};
use crate::writer::{Checkpointer, DELETED, State, Writer};
use eventweir::{Epoch, Error, ErrorKind, Result, StreamName, WakeupHub};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Opens the store for writing, or for reading when that is what can be had.
pub(crate) fn open(config: SqliteConfig) -> Result<Inner> {
    // A link is followed once, so that what stands beside the file stands beside the file itself.
    let path = std::fs::canonicalize(&config.path).unwrap_or_else(|_| config.path.clone());
    let found = inspect(&path)?;
    match Lock::take(&path) {
        Ok(lock) => open_to_write(config, path, lock),
        Err(refusal) => open_to_read(config, path, found, refusal),
    }
}

fn open_to_write(config: SqliteConfig, path: PathBuf, lock: Lock) -> Result<Inner> {
    // Looked at again now that nobody else can change it.
    let found = match inspect(&path)? {
        Found::Nothing => {
            create(&path)?;
            inspect(&path)?
        }
        found => found,
    };
    match prepare(&config, &path, found, lock) {
        Ok((mut connection, state, streams, wakeups)) => {
            let checkpointer = Checkpointer::start(&path, &mut connection).work()?;
            let writer = Writer::start(connection, state, checkpointer)?;
            let readers = Readers::new(path, false, config.readers);
            let role = Role::Writer(writer);
            Ok(Inner { config, streams, readers, wakeups, role, closed: AtomicBool::new(false) })
        }
        Err(error) if error.kind() == ErrorKind::ReadOnly => {
            open_to_read(config, path, found, LockError::Failed(error))
        }
        Err(error) => Err(error),
    }
}

type Prepared = (Connection, State, Arc<Streams>, Arc<WakeupHub>);

fn prepare(config: &SqliteConfig, path: &Path, found: Found, mut lock: Lock) -> Result<Prepared> {
    let mut connection = open_writer(config, path)?;
    if let Found::Store(version) = found
        && version < schema::VERSION
    {
        schema::migrate(&mut connection, version).work()?;
    }
    renew_epochs(&mut connection, path, &mut lock)?;
    let streams = Arc::new(Streams::default());
    let mut purging = Vec::new();
    for (name, row) in StreamRow::read_all(&connection).work()? {
        match StreamName::new(&name) {
            Ok(name) => {
                let row = row?;
                let tail = load_tail(&connection, &row).work()?;
                streams.insert(name, StreamView::new(&row, tail));
            }
            Err(_) => purging.extend(name.strip_prefix(DELETED).and_then(|id| id.parse::<StreamId>().ok())),
        }
    }
    let wakeups = Arc::new(WakeupHub::new());
    let state = State::new(config, streams.clone(), wakeups.clone(), lock, purging);
    Ok((connection, state, streams, wakeups))
}

/// Gives streams new epochs whose sequences may have been given to other events: when the file is a copy, or has less than
/// was acknowledged. Durable before anyone is shown one.
fn renew_epochs(connection: &mut Connection, path: &Path, lock: &mut Lock) -> Result<()> {
    let identity = Identity::of(path)?;
    let transaction = connection.transaction().work()?;
    let is_copy = !check_identity(&transaction, identity).work()?;
    for (name, row) in StreamRow::read_all(&transaction).work()? {
        if StreamName::new(&name).is_err() {
            continue;
        }
        let mut row = row?;
        let known = lock.high_water(row.id);
        if is_copy || known.is_some_and(|known| known.epoch != row.epoch || known.head > row.head) {
            tracing::warn!(stream = name, "the file has less than was acknowledged, or is a copy: new epoch");
            row.epoch = Epoch::random();
            row.update(&transaction).work()?;
        }
        lock.note(row.id, HighWater { epoch: row.epoch, head: row.head });
    }
    if is_copy {
        identity.write(&transaction).work()?;
    }
    transaction.commit().work()
}

fn open_to_read(config: SqliteConfig, path: PathBuf, found: Found, refusal: LockError) -> Result<Inner> {
    let why = match refusal {
        LockError::Held(Some(pid)) => {
            format!("another process (pid {pid}) has {} open for writing", path.display())
        }
        LockError::Held(None) => format!("another process has {} open for writing", path.display()),
        LockError::Failed(error) if found == Found::Nothing => return Err(error),
        LockError::Failed(error) if error.kind() != ErrorKind::ReadOnly => return Err(error),
        LockError::Failed(error) => format!("{} cannot be written: {}", path.display(), error.message()),
    };
    // The one who writes may be making it right now.
    if found == Found::Nothing && inspect(&path)? == Found::Nothing {
        return Err(Error::new(ErrorKind::Unavailable, why));
    }
    let frozen =
        open_reader(&path, false).and_then(|connection| schema::version(&connection).work()).is_err();
    let readers = Readers::new(path, frozen, config.readers);
    Ok(Inner {
        config,
        streams: Arc::default(),
        readers,
        wakeups: Arc::new(WakeupHub::new()),
        role: Role::Reader(why),
        closed: AtomicBool::new(false),
    })
}
