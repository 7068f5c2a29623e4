//! Filling memory's part of the channel index from the file: at the start, and where another process writes.

use super::Snapshot;
use crate::error::Work;
use crate::key;
use crate::streams::{StreamRow, StreamView, Streams};
use crate::tail::Tail;
use eventweir::{Result, Sequence, StreamName};
use rusqlite::Connection;

/// Indexes the events that no run holds, up to the head.
pub(crate) fn load_tail(connection: &Connection, row: &StreamRow) -> rusqlite::Result<Tail> {
    let mut tail = Tail::after(row.indexed_to);
    extend(connection, row, row.indexed_to, &mut tail)?;
    Ok(tail)
}

fn extend(
    connection: &Connection,
    row: &StreamRow,
    after: Sequence,
    tail: &mut Tail,
) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("select key, channel from events where key > ? and key <= ? order by key")?;
    let mut rows = statement.query([key::of(row.id, after), key::of(row.id, row.head)])?;
    while let Some(event) = rows.next()? {
        tail.push(event.get(1)?, key::sequence(event.get(0)?));
    }
    Ok(())
}

/// Begins a snapshot of a stream that another process writes to: what is new in the file is indexed first.
///
/// The lock is held from before the snapshot until the index has caught up with it, so that the index only ever grows.
pub(crate) fn follow<'c>(
    connection: &'c Connection,
    streams: &Streams,
    name: &StreamName,
) -> Result<Option<Snapshot<'c>>> {
    if let Some(view) = streams.find(name) {
        let mut tail = view.tail.lock();
        let Some(snapshot) = Snapshot::begin(connection, streams, name)? else {
            drop(tail);
            return begin_new(connection, streams, name);
        };
        if snapshot.row.indexed_to > tail.split() {
            tail.rotate_at(snapshot.row.indexed_to);
        }
        let from = tail.reach().max(snapshot.row.indexed_to);
        extend(connection, &snapshot.row, from, &mut tail).work()?;
        tail.reached(snapshot.row.head);
        drop(tail);
        return Ok(Some(snapshot));
    }
    begin_new(connection, streams, name)
}

/// Begins a snapshot of a stream that was not seen before, or that was made anew.
fn begin_new<'c>(
    connection: &'c Connection,
    streams: &Streams,
    name: &StreamName,
) -> Result<Option<Snapshot<'c>>> {
    connection.execute_batch("begin").work()?;
    let row = StreamRow::read(connection, name).work()?.transpose();
    let begun = row.and_then(|row| {
        let Some(row) = row else { return Ok(None) };
        let mut tail = load_tail(connection, &row).work()?;
        tail.reached(row.head);
        Ok(Some((row, StreamView::new(&row, tail))))
    });
    match begun {
        Ok(Some((row, view))) => {
            streams.insert(name.clone(), view.clone());
            Ok(Some(Snapshot::new(connection, row, view)))
        }
        other => {
            streams.remove(name);
            connection.execute_batch("rollback").work()?;
            other.map(|_| None)
        }
    }
}
