//! One consistent look at a stream.

use crate::error::Work;
use crate::streams::{StreamRow, StreamView, Streams};
use eventweir::{Result, StreamName};
use rusqlite::Connection;
use std::sync::Arc;

/// A read transaction, and the stream as it is in it.
pub(crate) struct Snapshot<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) row: StreamRow,
    pub(crate) view: Arc<StreamView>,
}

impl<'c> Snapshot<'c> {
    /// Begins a snapshot of a stream. `None` when the stream is gone, or was made anew a moment ago: ask again.
    ///
    /// The head in the row bounds what is looked at: memory's part of the channel index is filled before a commit is
    /// visible here, so it has everything up to that head.
    pub(crate) fn begin(
        connection: &'c Connection,
        streams: &Streams,
        name: &StreamName,
    ) -> Result<Option<Self>> {
        let Some(view) = streams.find(name) else { return Ok(None) };
        connection.prepare_cached("begin").work()?.raw_execute().work()?;
        let snapshot = match StreamRow::read(connection, name).work()? {
            Some(row) => row.map(|row| Some(Self { connection, row, view })),
            None => Ok(None),
        };
        match snapshot {
            Ok(Some(snapshot)) if snapshot.is_of_its_view() => {
                snapshot.view.observe(&snapshot.row);
                Ok(Some(snapshot))
            }
            other => {
                end(connection)?;
                other.map(|_| None)
            }
        }
    }

    pub(crate) fn new(connection: &'c Connection, row: StreamRow, view: Arc<StreamView>) -> Self {
        Self { connection, row, view }
    }

    fn is_of_its_view(&self) -> bool {
        self.row.id == self.view.id && self.row.epoch == self.view.epoch
    }

    /// Ends the snapshot.
    pub(crate) fn end(self) -> Result<()> {
        end(self.connection)
    }
}

fn end(connection: &Connection) -> Result<()> {
    connection.prepare_cached("rollback").work()?.raw_execute().work().map(drop)
}
