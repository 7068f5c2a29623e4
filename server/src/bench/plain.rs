//! The plain design of an event log in SQLite, as a limit to be compared with: one table, an unique index on the event's id, an
//! index on channel and sequence, and one writer thread that commits whatever waits.

use super::data::SOURCE;
use super::machine::OrFail;
use crate::failure::{Failure, Result};
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use rusqlite::{Connection, params};
use std::path::Path;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

const SCHEMA: &str = "
    create table events(
        sequence integer primary key, channel integer not null, id blob not null, time integer not null,
        source text, headers text, data blob not null);
    create unique index events_id on events(id);
    create index events_channel on events(channel, sequence);";
const INSERT: &str =
    "insert into events(sequence, channel, id, time, source, headers, data) values (?, ?, ?, ?, ?, null, ?)";
/// Pages after which SQLite checkpoints, unless it is told otherwise.
pub(super) const CHECKPOINT: u32 = 1000;
/// A transaction takes at most this many events, as many as wait.
const GROUP: usize = 1024;
/// Publishers wait when this many appends do.
const WAITING: usize = 4096;

/// Holds an event as the table does.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) channel: u64,
    pub(super) id: [u8; 16],
    pub(super) data: Bytes,
}

struct Append {
    rows: Vec<Row>,
    /// Gets the last sequence.
    done: oneshot::Sender<u64>,
}

/// Appends to the plain design.
#[derive(Debug)]
pub(super) struct PlainLog {
    appends: Option<Sender<Append>>,
    writer: Option<JoinHandle<rusqlite::Result<()>>>,
}

impl PlainLog {
    /// Makes a log in a file that does not exist, synced before each acknowledgement. SQLite checkpoints it every
    /// `checkpoint` pages; its own default is 1,000.
    pub(super) fn create(file: &Path, checkpoint: u32) -> Result<Self> {
        let connection = open(file, checkpoint).or_fail("the plain log cannot be opened")?;
        let (appends, waiting) = crossbeam_channel::bounded(WAITING);
        let writer = std::thread::spawn(move || {
            let outcome = write(connection, &waiting);
            // After a failure, whoever still appends is let go without an answer.
            waiting.iter().for_each(drop);
            outcome
        });
        Ok(Self { appends: Some(appends), writer: Some(writer) })
    }

    /// Appends all of the rows in one transaction, and returns the last sequence.
    pub(super) async fn append(&self, rows: Vec<Row>) -> Result<u64> {
        let (done, receipt) = oneshot::channel();
        let sent = self.appends.as_ref().map(|appends| appends.send(Append { rows, done }).is_ok());
        match (sent, receipt.await) {
            (Some(true), Ok(sequence)) => Ok(sequence),
            _ => Err(Failure::failed("the plain log does not accept events any more")),
        }
    }
}

impl Drop for PlainLog {
    fn drop(&mut self) {
        // The writer ends when nobody can send to it. What went wrong before was told to those who waited.
        self.appends.take();
        let _ = self.writer.take().map(JoinHandle::join);
    }
}

fn open(file: &Path, checkpoint: u32) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "wal_autocheckpoint", checkpoint)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

fn write(mut connection: Connection, waiting: &Receiver<Append>) -> rusqlite::Result<()> {
    let mut sequence = 0_i64;
    let mut group = Vec::new();
    while let Ok(first) = waiting.recv() {
        let mut events = first.rows.len();
        group.push(first);
        while events < GROUP
            && let Ok(next) = waiting.try_recv()
        {
            events += next.rows.len();
            group.push(next);
        }
        let transaction = connection.transaction()?;
        let mut insert = transaction.prepare_cached(INSERT)?;
        let mut done = Vec::with_capacity(group.len());
        for append in group.drain(..) {
            for row in append.rows {
                sequence += 1;
                let time = 1_700_000_000_000 + sequence;
                insert.execute(params![
                    sequence,
                    row.channel.cast_signed(),
                    row.id,
                    time,
                    SOURCE,
                    &row.data[..]
                ])?;
            }
            done.push((append.done, sequence));
        }
        drop(insert);
        transaction.commit()?;
        for (done, sequence) in done {
            // A publisher that has left needs no answer.
            let _ = done.send(sequence.unsigned_abs());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::data;

    fn row(number: u64) -> Row {
        Row { channel: data::channel_of(number), id: data::event_id(number), data: data::payload(64) }
    }

    #[tokio::test]
    async fn sequences_rise_and_a_repeated_id_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let log = PlainLog::create(&folder.path().join("plain.db"), 1000).unwrap();
        assert_eq!(log.append(vec![row(1)]).await.unwrap(), 1);
        assert_eq!(log.append((2..10).map(row).collect()).await.unwrap(), 9);
        log.append(vec![row(1)]).await.unwrap_err();
        log.append(vec![row(10)]).await.unwrap_err();
    }
}
