//! What is known of each stream in memory, shared by the writer and the readers.

use crate::codec::damaged;
use crate::key::StreamId;
use crate::tail::Tail;
use eventweir::{Bounds, Epoch, Result, Sequence, StreamName};
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashMap;
use std::sync::Arc;

/// A row of the table `streams`, but for the name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamRow {
    pub(crate) id: StreamId,
    pub(crate) epoch: Epoch,
    pub(crate) head: Sequence,
    /// The oldest retained sequence, or one above the head.
    pub(crate) first: Sequence,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    /// Channels that have retained events.
    pub(crate) channels: u64,
    /// The greatest sequence that was ever removed.
    pub(crate) removed_to: Sequence,
    /// The greatest sequence removed from any channel that is not remembered.
    pub(crate) forgotten_to: Sequence,
    /// Runs hold everything up to here.
    pub(crate) indexed_to: Sequence,
    /// How many steps removed events by a deletion.
    pub(crate) deletions: u64,
}

const COLUMNS: &str =
    "id, epoch, head, first, events, bytes, channels, removed_to, forgotten_to, indexed_to, deletions, name";

impl StreamRow {
    /// An empty stream with a new epoch, whose first event will be at `first`.
    pub(crate) fn new(id: StreamId, first: Sequence) -> Self {
        Self {
            id,
            epoch: Epoch::random(),
            head: first.previous(),
            first,
            events: 0,
            bytes: 0,
            channels: 0,
            removed_to: Sequence::ZERO,
            forgotten_to: Sequence::ZERO,
            indexed_to: first.previous(),
            deletions: 0,
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { epoch: self.epoch, first: self.first, head: self.head, deletions: self.deletions }
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Result<Self>> {
        let sequence = |at| row.get(at).map(Sequence::from_i64);
        let count = |at| row.get::<_, i64>(at).map(|count| count.max(0) as u64);
        let epoch = u64::try_from(row.get::<_, i64>(1)?).ok().and_then(|epoch| Epoch::new(epoch).ok());
        let Some(epoch) = epoch else { return Ok(Err(damaged("an epoch"))) };
        Ok(Ok(Self {
            id: row.get(0)?,
            epoch,
            head: sequence(2)?,
            first: sequence(3)?,
            events: count(4)?,
            bytes: count(5)?,
            channels: count(6)?,
            removed_to: sequence(7)?,
            forgotten_to: sequence(8)?,
            indexed_to: sequence(9)?,
            deletions: count(10)?,
        }))
    }

    /// Reads a stream's row; the inner result tells of damage.
    pub(crate) fn read(connection: &Connection, name: &StreamName) -> rusqlite::Result<Option<Result<Self>>> {
        let sql = const_format(COLUMNS, " where name = ?");
        connection.prepare_cached(&sql)?.query_row([name.as_str()], Self::of).optional()
    }

    /// Reads every stream's row. Names that are no stream names belong to deleted streams whose rows still go.
    pub(crate) fn read_all(connection: &Connection) -> rusqlite::Result<Vec<(String, Result<Self>)>> {
        let mut statement = connection.prepare(&const_format(COLUMNS, " order by name"))?;
        let rows = statement.query_map([], |row| Ok((row.get(11)?, Self::of(row)?)))?;
        rows.collect()
    }

    /// Writes the row of a new stream.
    pub(crate) fn insert(&self, connection: &Connection, name: &StreamName) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "insert into streams(id, name, epoch, head, first, events, bytes, channels, removed_to,
                    forgotten_to, indexed_to) values (?, ?, ?, 0, 1, 0, 0, 0, 0, 0, 0)",
            )?
            .execute(params![self.id, name.as_str(), self.epoch.get() as i64])
            .map(drop)
    }

    /// Writes what changes.
    pub(crate) fn update(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "update streams set epoch = ?, head = ?, first = ?, events = ?, bytes = ?, channels = ?,
                    removed_to = ?, forgotten_to = ?, indexed_to = ?, deletions = ? where id = ?",
            )?
            .execute(params![
                self.epoch.get() as i64,
                self.head.to_i64(),
                self.first.to_i64(),
                self.events as i64,
                self.bytes as i64,
                self.channels as i64,
                self.removed_to.to_i64(),
                self.forgotten_to.to_i64(),
                self.indexed_to.to_i64(),
                self.deletions as i64,
                self.id,
            ])
            .map(drop)
    }
}

fn const_format(columns: &str, rest: &str) -> String {
    format!("select {columns} from streams{rest}")
}

/// What is shared of one stream. A stream that is deleted and made again gets a new one.
#[derive(Debug)]
pub(crate) struct StreamView {
    pub(crate) id: StreamId,
    pub(crate) epoch: Epoch,
    seen: Mutex<Seen>,
    pub(crate) tail: Mutex<Tail>,
}

/// What any call may have shown already, so that no later call shows less.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) head: Sequence,
    pub(crate) first: Sequence,
    pub(crate) removed_to: Sequence,
    pub(crate) deletions: u64,
}

impl Seen {
    fn of(row: &StreamRow) -> Self {
        Self { head: row.head, first: row.first, removed_to: row.removed_to, deletions: row.deletions }
    }

    pub(crate) fn bounds(&self, epoch: Epoch) -> Bounds {
        Bounds { epoch, first: self.first, head: self.head, deletions: self.deletions }
    }
}

impl StreamView {
    pub(crate) fn new(row: &StreamRow, tail: Tail) -> Arc<Self> {
        Arc::new(Self {
            id: row.id,
            epoch: row.epoch,
            seen: Mutex::new(Seen::of(row)),
            tail: Mutex::new(tail),
        })
    }

    /// Notes a committed state of the stream. All of them only ever rise.
    pub(crate) fn observe(&self, row: &StreamRow) {
        let mut seen = self.seen.lock();
        seen.head = seen.head.max(row.head);
        seen.first = seen.first.max(row.first);
        seen.removed_to = seen.removed_to.max(row.removed_to);
        seen.deletions = seen.deletions.max(row.deletions);
    }

    pub(crate) fn seen(&self) -> Seen {
        *self.seen.lock()
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.seen().bounds(self.epoch)
    }
}

/// The streams by name.
#[derive(Debug, Default)]
pub(crate) struct Streams(RwLock<HashMap<StreamName, Arc<StreamView>>>);

impl Streams {
    pub(crate) fn find(&self, name: &StreamName) -> Option<Arc<StreamView>> {
        self.0.read().get(name).cloned()
    }

    pub(crate) fn insert(&self, name: StreamName, view: Arc<StreamView>) {
        self.0.write().insert(name, view);
    }

    pub(crate) fn remove(&self, name: &StreamName) {
        self.0.write().remove(name);
    }

    pub(crate) fn names(&self) -> Vec<StreamName> {
        let mut names: Vec<_> = self.0.read().keys().cloned().collect();
        names.sort_unstable();
        names
    }
}
