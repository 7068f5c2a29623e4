//! The sequences of one channel, one after the other: from its runs and from memory.

use crate::error::Work;
use crate::key::ChannelId;
use crate::runs::unpack;
use eventweir::{Direction, Result, Sequence};
use rusqlite::{Connection, params};

/// So many sequences are unpacked at once, if there are as many.
const BATCH: usize = 64;

/// Goes through a channel's retained sequences above `floor` and up to `ceiling`.
#[derive(Debug)]
pub(crate) struct ChannelCursor {
    channel: ChannelId,
    floor: Sequence,
    ceiling: Sequence,
    direction: Direction,
    /// What no run holds, rising.
    tail: Vec<Sequence>,
    runs_done: bool,
    /// What comes next, the very next last.
    ready: Vec<Sequence>,
}

impl ChannelCursor {
    /// `tail` are the channel's sequences between the two that no run holds.
    pub(crate) fn new(
        channel: ChannelId,
        (floor, ceiling): (Sequence, Sequence),
        indexed_to: Sequence,
        direction: Direction,
        tail: Vec<Sequence>,
    ) -> Self {
        // Whoever reads close to the head needs no run at all.
        let runs_done = floor >= indexed_to || floor >= ceiling;
        Self { channel, floor, ceiling, direction, tail, runs_done, ready: Vec::new() }
    }

    pub(crate) fn next(&mut self, connection: &Connection) -> Result<Option<Sequence>> {
        while self.ready.is_empty() {
            let more = match self.direction {
                Direction::Ascending => self.refill_ascending(connection)?,
                Direction::Descending => self.refill_descending(connection)?,
            };
            if !more {
                return Ok(None);
            }
        }
        let next = self.ready.pop();
        if let (Direction::Ascending, Some(next)) = (self.direction, next) {
            self.floor = next;
        }
        Ok(next)
    }

    fn refill_ascending(&mut self, connection: &Connection) -> Result<bool> {
        if !self.runs_done {
            let mut statement = connection
                .prepare_cached(
                    "select first, seqs from runs where channel = ?1 and first <= ?3 and first >= coalesce(
                        (select max(first) from runs where channel = ?1 and first <= ?2), 0) order by first",
                )
                .work()?;
            let mut rows = statement
                .query(params![self.channel, self.floor.next().to_i64(), self.ceiling.to_i64()])
                .work()?;
            self.runs_done = true;
            while let Some(row) = rows.next().work()? {
                let first = Sequence::from_i64(row.get(0).work()?);
                unpack(first, row.get_ref(1).work()?.as_blob().unwrap_or_default(), &mut self.ready)?;
                self.ready.retain(|sequence| *sequence > self.floor && *sequence <= self.ceiling);
                if self.ready.len() >= BATCH {
                    self.runs_done = false;
                    break;
                }
            }
            self.ready.reverse();
            return Ok(true);
        }
        let floor = self.floor;
        self.ready.extend(self.tail.drain(..).rev().filter(|sequence| *sequence > floor));
        Ok(!self.ready.is_empty())
    }

    fn refill_descending(&mut self, connection: &Connection) -> Result<bool> {
        if !self.tail.is_empty() {
            let floor = self.floor;
            self.ready.extend(self.tail.drain(..).filter(|sequence| *sequence > floor));
            // What was written out since is in runs too.
            self.ceiling = self.ready.first().map_or(self.ceiling, |first| first.previous());
            return Ok(true);
        }
        if self.runs_done {
            return Ok(false);
        }
        let mut statement = connection
            .prepare_cached(
                "select first, seqs from runs where channel = ? and first <= ? order by first desc limit 1",
            )
            .work()?;
        let mut rows = statement.query(params![self.channel, self.ceiling.to_i64()]).work()?;
        let Some(row) = rows.next().work()? else {
            self.runs_done = true;
            return Ok(false);
        };
        let first = Sequence::from_i64(row.get(0).work()?);
        unpack(first, row.get_ref(1).work()?.as_blob().unwrap_or_default(), &mut self.ready)?;
        self.ready.retain(|sequence| *sequence > self.floor && *sequence <= self.ceiling);
        // Whatever of the run was wanted is taken; the next one lies before it.
        self.ceiling = first.previous();
        self.runs_done = first <= self.floor || self.ceiling <= self.floor;
        Ok(true)
    }
}
