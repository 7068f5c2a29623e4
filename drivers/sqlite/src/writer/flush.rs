//! Writing memory's part of the channel index out, as runs, inside the transaction that makes it too large.

use super::state::{State, Stream};
use crate::key::ChannelId;
use crate::runs::{RUN_LENGTH, pack};
use eventweir::Sequence;
use rusqlite::{Connection, params};

impl State {
    /// Writes the longest tails out until what is left is half of what may be in memory.
    pub(super) fn flush(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut total: usize = self.streams.values().map(|stream| stream.view.tail.lock().len()).sum();
        if total <= self.tail_events {
            return Ok(());
        }
        let mut lengths: Vec<_> =
            self.streams.iter().map(|(name, stream)| (stream.view.tail.lock().len(), name.clone())).collect();
        lengths.sort_unstable();
        while total > self.tail_events / 2
            && let Some((length, name)) = lengths.pop()
            && length > 0
        {
            if let Some(stream) = self.streams.get_mut(&name) {
                flush(connection, stream)?;
            }
            total -= length;
        }
        Ok(())
    }
}

fn flush(connection: &Connection, stream: &mut Stream) -> rusqlite::Result<()> {
    let row = &mut stream.row;
    // Copied, so that readers do not wait for the disk. In the order of the table, so that each page is met once.
    let mut lists: Vec<(ChannelId, Vec<Sequence>)> =
        stream.view.tail.lock().unwritten().map(|(channel, list)| (channel, list.to_vec())).collect();
    lists.sort_unstable_by_key(|(channel, _)| *channel);
    let mut removed = connection.prepare_cached("select removed_to from channels where id = ?")?;
    let mut count = connection
        .prepare_cached("update channels set last = max(last, ?), events = events + ? where id = ?")?;
    let mut insert = connection
        .prepare_cached("insert or replace into runs(channel, first, last, seqs) values (?, ?, ?, ?)")?;
    for (channel, mut list) in lists {
        let mut floor = row.indexed_to;
        if row.removed_to > row.indexed_to {
            floor = floor.max(Sequence::from_i64(removed.query_row([channel], |row| row.get(0))?));
        }
        list.drain(..list.partition_point(|sequence| *sequence <= floor));
        let Some(last) = list.last() else { continue };
        count.execute(params![last.to_i64(), list.len() as i64, channel])?;
        for run in list.chunks(RUN_LENGTH) {
            let (first, last) = (run[0], run[run.len() - 1]);
            insert.execute(params![channel, first.to_i64(), last.to_i64(), pack(run)])?;
        }
    }
    row.indexed_to = row.head;
    stream.flushed = true;
    stream.touched = true;
    Ok(())
}
