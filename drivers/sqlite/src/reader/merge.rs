//! Several channels as one, in the order of the log.

use super::ChannelCursor;
use eventweir::{Direction, Result, Sequence};
use rusqlite::Connection;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Merges cursors; each sequence comes once.
#[derive(Debug)]
pub(super) struct Merge {
    cursors: Vec<ChannelCursor>,
    /// The next of each cursor, in an order in which the least is wanted.
    heads: BinaryHeap<Reverse<(i64, usize)>>,
    direction: Direction,
}

impl Merge {
    pub(super) fn new(
        connection: &Connection,
        mut cursors: Vec<ChannelCursor>,
        direction: Direction,
    ) -> Result<Self> {
        let mut heads = BinaryHeap::with_capacity(cursors.len());
        for (at, cursor) in cursors.iter_mut().enumerate() {
            heads.extend(cursor.next(connection)?.map(|next| Reverse((rank(direction, next), at))));
        }
        Ok(Self { cursors, heads, direction })
    }

    pub(super) fn next(&mut self, connection: &Connection) -> Result<Option<Sequence>> {
        let Some(Reverse((least, at))) = self.heads.pop() else { return Ok(None) };
        if let Some(cursor) = self.cursors.get_mut(at) {
            let next = cursor.next(connection)?;
            self.heads.extend(next.map(|next| Reverse((rank(self.direction, next), at))));
        }
        Ok(Some(Sequence::from_i64(least.abs())))
    }
}

fn rank(direction: Direction, sequence: Sequence) -> i64 {
    match direction {
        Direction::Ascending => sequence.to_i64(),
        Direction::Descending => -sequence.to_i64(),
    }
}
