//! What the writer knows between transactions.

use super::channels::Channels;
use crate::file::{HighWater, Lock};
use crate::key::{ChannelId, MAX_STREAM, StreamId};
use crate::streams::{StreamRow, StreamView, Streams};
use crate::tail::Tail;
use eventweir::{Clock, Error, ErrorKind, Result, Sequence, StreamName, WakeupHub};
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Channels that are remembered by name; beyond it, all are forgotten and looked up again.
const MOST_CHANNELS: usize = 65_536;

/// What the writer knows between transactions: everything here is what the file says, or will be once the transaction is
/// durable.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) streams: HashMap<StreamName, Stream>,
    pub(super) shared: Arc<Streams>,
    pub(super) wakeups: Arc<WakeupHub>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) window: Duration,
    pub(super) tail_events: usize,
    pub(super) first_sequence: Sequence,
    /// Deleted streams whose rows still go.
    pub(super) purging: Vec<StreamId>,
    pub(super) lock: Lock,
    /// The last transaction that was more than removing something found no room.
    pub(super) full: bool,
}

/// A stream as the transaction leaves it.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) row: StreamRow,
    pub(super) view: Arc<StreamView>,
    pub(super) channels: Channels,
    /// Appended, and not in the tail yet.
    pub(super) pending: Vec<(ChannelId, Sequence)>,
    /// The row is to be written.
    pub(super) touched: bool,
    /// Nobody else knows it yet.
    pub(super) fresh: bool,
    /// Runs were written; the tail rotates once they are durable.
    pub(super) flushed: bool,
}

impl Stream {
    pub(super) fn new(row: StreamRow, view: Arc<StreamView>, fresh: bool) -> Self {
        let (channels, pending) = (Channels::default(), Vec::new());
        Self { row, view, channels, pending, touched: false, fresh, flushed: false }
    }

    /// Puts what was appended into memory's part of the channel index: before it is visible in the file, so that whoever sees
    /// the new head finds its events there.
    pub(super) fn publish(&mut self) {
        if !self.pending.is_empty() {
            let mut tail = self.view.tail.lock();
            for (channel, sequence) in self.pending.drain(..) {
                tail.push(channel, sequence);
            }
        }
    }
}

impl State {
    pub(crate) fn new(
        config: &crate::SqliteConfig,
        shared: Arc<Streams>,
        wakeups: Arc<WakeupHub>,
        lock: Lock,
        purging: Vec<StreamId>,
    ) -> Self {
        Self {
            streams: HashMap::new(),
            shared,
            wakeups,
            clock: config.clock.clone(),
            window: config.dedup_window,
            tail_events: config.tail_events,
            first_sequence: config.first_sequence,
            purging,
            lock,
            full: false,
        }
    }

    pub(super) fn purges(&self) -> bool {
        !self.purging.is_empty()
    }

    /// Returns a stream, which exists from then on.
    pub(super) fn stream(
        &mut self,
        connection: &Connection,
        name: &StreamName,
    ) -> Result<&mut Stream, Failure> {
        if !self.streams.contains_key(name) {
            let stream = match (StreamRow::read(connection, name)?, self.shared.find(name)) {
                (Some(row), Some(view)) => Stream::new(row?, view, false),
                (Some(row), None) => {
                    let row = row?;
                    let tail = crate::reader::load_tail(connection, &row)?;
                    Stream::new(row, StreamView::new(&row, tail), true)
                }
                (None, _) => {
                    let row = StreamRow::new(free_id(connection)?, self.first_sequence);
                    row.insert(connection, name)?;
                    Stream::new(row, StreamView::new(&row, Tail::after(row.indexed_to)), true)
                }
            };
            self.streams.insert(name.clone(), stream);
        }
        self.streams.get_mut(name).ok_or_else(|| Error::new(ErrorKind::Internal, "a stream is lost").into())
    }

    /// The transaction is durable: what it did is made known.
    pub(super) fn committed(&mut self) {
        for (name, stream) in self.streams.iter_mut().filter(|(_, stream)| stream.touched || stream.fresh) {
            let row = &stream.row;
            self.lock.note(row.id, HighWater { epoch: row.epoch, head: row.head });
            if std::mem::take(&mut stream.flushed) {
                stream.view.tail.lock().rotate(row.indexed_to);
            }
            stream.view.observe(row);
            if std::mem::take(&mut stream.fresh) {
                self.shared.insert(name.clone(), stream.view.clone());
            }
            if std::mem::take(&mut stream.touched) {
                self.wakeups.notify(name, row.head);
            }
        }
        if self.streams.values().map(|stream| stream.channels.len()).sum::<usize>() > MOST_CHANNELS {
            self.streams.values_mut().for_each(|stream| stream.channels.clear());
        }
    }

    /// The transaction failed: everything is read again from the file, which alone knows.
    pub(super) fn rolled_back(&mut self, connection: &Connection) {
        for (name, stream) in self.streams.drain() {
            if stream.fresh {
                continue;
            }
            let head = match StreamRow::read(connection, &name) {
                Ok(Some(Ok(row))) => row.head,
                // It cannot be read now. What was acknowledged stays.
                _ => stream.view.seen().head,
            };
            stream.view.tail.lock().truncate(head);
        }
    }
}

/// Returns the smallest number that no stream has.
fn free_id(connection: &Connection) -> Result<StreamId, Failure> {
    let id: StreamId = connection
        .prepare_cached(
            "select min(id) + 1 from (select 0 as id union all select id from streams)
                where id + 1 not in (select id from streams)",
        )?
        .query_row([], |row| row.get(0))?;
    if id > MAX_STREAM {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            "the file has 32,767 streams, the most it can have",
        )
        .into());
    }
    Ok(id)
}

/// Why a command was not carried out.
pub(super) enum Failure {
    /// It was refused before anything was written; the others of its group go on.
    Refused(Error),
    /// SQLite failed: the whole group is taken back.
    Broken(rusqlite::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}
