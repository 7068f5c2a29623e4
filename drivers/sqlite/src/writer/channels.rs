//! The channels that the writer met lately.

use super::state::Failure;
use crate::key::ChannelId;
use crate::streams::StreamRow;
use crate::tail::Tail;
use eventweir::{ChannelName, Sequence};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// What the writer needs to know of a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) id: ChannelId,
    /// The last event ever published to it.
    pub(super) last: Sequence,
    /// It has no retained events.
    pub(super) empty: bool,
}

/// Channels by name.
#[derive(Debug, Default)]
pub(super) struct Channels(HashMap<ChannelName, Entry>);

impl Channels {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Looks a channel up. What was appended must be in the tail.
    pub(super) fn find(
        &mut self,
        connection: &Connection,
        row: &StreamRow,
        tail: &Mutex<Tail>,
        name: &ChannelName,
    ) -> Result<Option<&mut Entry>, Failure> {
        if !self.0.contains_key(name) {
            let found = connection
                .prepare_cached("select id, last, empty from channels where stream = ? and name = ?")?
                .query_row(params![row.id, name.as_str()], |row| {
                    Ok(Entry { id: row.get(0)?, last: Sequence::from_i64(row.get(1)?), empty: row.get(2)? })
                })
                .optional()?;
            let Some(mut entry) = found else { return Ok(None) };
            entry.last = entry.last.max(tail.lock().last(entry.id).unwrap_or_default());
            self.0.insert(name.clone(), entry);
        }
        Ok(self.0.get_mut(name))
    }

    /// Notes that a channel gets an event, and returns its number. It is made when it does not exist.
    pub(super) fn append(
        &mut self,
        connection: &Connection,
        row: &mut StreamRow,
        tail: &Mutex<Tail>,
        name: &ChannelName,
        sequence: Sequence,
    ) -> Result<ChannelId, Failure> {
        // The usual case is looked up once.
        if let Some(entry) = self.0.get_mut(name)
            && !entry.empty
        {
            entry.last = sequence;
            return Ok(entry.id);
        }
        row.channels += 1;
        if let Some(entry) = self.find(connection, row, tail, name)? {
            entry.last = sequence;
            if std::mem::take(&mut entry.empty) {
                connection
                    .prepare_cached("update channels set empty = 0 where id = ?")?
                    .execute([entry.id])?;
            } else {
                row.channels -= 1;
            }
            return Ok(entry.id);
        }
        let id = connection
            .prepare_cached(
                "insert into channels(stream, name, last, removed_to, events, empty) values (?, ?, 0, 0, 0, 0)",
            )?
            .insert(params![row.id, name.as_str()])?;
        self.0.insert(name.clone(), Entry { id, last: sequence, empty: false });
        Ok(id)
    }
}
