//! Removing what deleted streams left, a step in every transaction while there is something.

use super::remove::STEP;
use super::state::State;
use crate::key::{self, StreamId};
use eventweir::Sequence;
use rusqlite::{Connection, params};

/// Begins the name of a row whose stream was deleted. No stream's name holds a space.
pub(crate) const DELETED: &str = "deleted ";

/// Each removes a step of one table's rows of stream `?1`, at most `?2`; keys are from `?3` to `?4`.
const STEPS: &[&str] = &[
    "delete from events where key in (select key from events where key between ?3 and ?4 limit ?2)",
    "delete from event_ids where stream = ?1 and id in (select id from event_ids where stream = ?1 limit ?2)",
    "delete from fading_ids where n in (select n from fading_ids where stream = ?1 limit max(1, ?2 / 1000))",
    "delete from runs where (channel, first) in (select channel, first from runs where channel in
        (select id from channels where stream = ?1) limit ?2)",
    "delete from channels where id in (select id from channels where stream = ?1 limit ?2)",
    "delete from cursors where stream = ?1 and name in (select name from cursors where stream = ?1 limit ?2)",
    "delete from records where stream = ?1 and key in (select key from records where stream = ?1 limit ?2)",
    "delete from commits where stream = ?1 and id in (select id from commits where stream = ?1 limit ?2)",
];

impl State {
    /// Removes a step of what a deleted stream left. The stream's number is free once nothing is left.
    pub(super) fn purge(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(id) = self.purging.last().copied() else { return Ok(()) };
        if !step(connection, id)? {
            connection.prepare_cached("delete from streams where id = ?")?.execute([id])?;
            self.purging.pop();
        }
        Ok(())
    }
}

/// Returns whether there was anything.
fn step(connection: &Connection, id: StreamId) -> rusqlite::Result<bool> {
    for sql in STEPS {
        let mut statement = connection.prepare_cached(sql)?;
        let removed = match statement.parameter_count() {
            4 => statement.execute(params![
                id,
                STEP as i64,
                key::of(id, Sequence::ZERO),
                key::of(id, Sequence::MAX)
            ])?,
            _ => statement.execute(params![id, STEP as i64])?,
        };
        if removed > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
