//! One commit: everything is decided before anything is written, so that a refused one leaves nothing.

use super::state::{Failure, State, Stream};
use crate::codec::{IdColumn, TypeColumn, commit_id, read_receipt, write_headers, write_receipt};
use crate::key;
use eventweir::{
    Appended, Commit, CommitId, CursorMove, Error, ErrorKind, EventId, Expect, NewEvent, Receipt,
    RecordChange, Sequence, StreamName, Timestamp,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use std::collections::HashSet;

/// SQLite keeps a little less than a gigabyte in a row.
const MOST_DATA: usize = 900_000_000;

/// The statements that run for every event, looked up once for a group.
pub(super) struct Statements<'c> {
    know_id: CachedStatement<'c>,
    known_id: CachedStatement<'c>,
    append: CachedStatement<'c>,
}

impl<'c> Statements<'c> {
    pub(super) fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            know_id: connection
                .prepare_cached("insert or ignore into event_ids(stream, id, seq) values (?, ?, ?)")?,
            known_id: connection.prepare_cached("select seq from event_ids where stream = ? and id = ?")?,
            append: connection.prepare_cached(
                "insert into events(key, channel, id, time, source, content_type, headers, data)
                    values (?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
        })
    }

    fn sequence_of(&mut self, stream: key::StreamId, id: &EventId) -> rusqlite::Result<Option<Sequence>> {
        let row = self.known_id.query_row(params![stream, IdColumn::new(id)], |row| row.get(0)).optional()?;
        Ok(row.map(Sequence::from_i64))
    }
}

impl State {
    pub(super) fn commit(
        &mut self,
        connection: &Connection,
        statements: &mut Statements<'_>,
        name: &StreamName,
        commit: &Commit,
    ) -> Result<Receipt, Failure> {
        let now = self.clock.now();
        let stream = self.stream(connection, name)?;
        if let Some(id) = &commit.id
            && let Some(first) = known_commit(connection, stream.row.id, id)?
        {
            return Ok(Receipt { repeated: true, ..first });
        }
        check(commit, stream.row.head)?;
        check_expectation(connection, stream, &commit.expect)?;
        let head = head_after(statements, stream, commit)?;
        let cursors = decide_cursors(connection, stream, &commit.cursors, head)?;
        let records = decide_records(connection, stream, &commit.records)?;

        let mut events = Vec::with_capacity(commit.append.len());
        for event in &commit.append {
            events.push(append(connection, statements, stream, event)?);
        }
        write_cursors(connection, stream, &commit.cursors, cursors)?;
        write_records(connection, stream, &commit.records, records)?;
        let receipt = Receipt { epoch: stream.row.epoch, head: stream.row.head, events, repeated: false };
        if let Some(id) = &commit.id {
            remember(connection, stream.row.id, id, now, &receipt)?;
        }
        stream.touched = true;
        Ok(receipt)
    }
}

fn known_commit(
    connection: &Connection,
    stream: key::StreamId,
    id: &CommitId,
) -> Result<Option<Receipt>, Failure> {
    let receipt: Option<Vec<u8>> = connection
        .prepare_cached("select receipt from commits where stream = ? and id = ?")?
        .query_row(params![stream, commit_id(id)], |row| row.get(0))
        .optional()?;
    Ok(receipt.map(|receipt| read_receipt(&receipt)).transpose()?)
}

fn remember(
    connection: &Connection,
    stream: key::StreamId,
    id: &CommitId,
    now: Timestamp,
    receipt: &Receipt,
) -> Result<(), Failure> {
    connection
        .prepare_cached("insert into commits(stream, id, at, receipt) values (?, ?, ?, ?)")?
        .execute(params![stream, commit_id(id), now.as_millis(), write_receipt(receipt)])?;
    Ok(())
}

fn check(commit: &Commit, head: Sequence) -> Result<(), Error> {
    commit.check()?;
    if !commit.jobs.is_empty() {
        return Err(Error::new(ErrorKind::Unsupported, "the SQLite driver keeps no jobs"));
    }
    if commit.append.iter().any(|event| event.data.len() > MOST_DATA) {
        return Err(Error::new(ErrorKind::TooLarge, "the SQLite driver keeps at most 900 MB in an event"));
    }
    key::check_room(head, commit.append.len())
}

fn check_expectation(connection: &Connection, stream: &mut Stream, expect: &Expect) -> Result<(), Failure> {
    let (actual, expected) = match expect {
        Expect::Any => return Ok(()),
        Expect::Head(expected) => (stream.row.head, *expected),
        Expect::ChannelHead(channel, expected) => {
            stream.publish();
            let entry = stream.channels.find(connection, &stream.row, &stream.view.tail, channel)?;
            (entry.map_or(Sequence::ZERO, |entry| entry.last), *expected)
        }
    };
    if actual == expected { Ok(()) } else { Err(expect.failed(actual).into()) }
}

/// Returns the head that the commit will leave. Only cursors ask for it before the events are written.
fn head_after(
    statements: &mut Statements<'_>,
    stream: &Stream,
    commit: &Commit,
) -> Result<Sequence, Failure> {
    if commit.cursors.is_empty() {
        return Ok(stream.row.head);
    }
    let mut fresh = HashSet::new();
    for event in &commit.append {
        if statements.sequence_of(stream.row.id, &event.id)?.is_none() {
            fresh.insert(&event.id);
        }
    }
    Ok(stream.row.head.plus(fresh.len() as u64))
}

fn decide_cursors(
    connection: &Connection,
    stream: &Stream,
    moves: &[CursorMove],
    head: Sequence,
) -> Result<Vec<Option<Sequence>>, Failure> {
    let mut decided = Vec::with_capacity(moves.len());
    for change in moves {
        let current: Option<i64> = connection
            .prepare_cached("select seq from cursors where stream = ? and name = ?")?
            .query_row(params![stream.row.id, change.name.as_str()], |row| row.get(0))
            .optional()?;
        decided.push(change.decide(current.map(Sequence::from_i64), head)?);
    }
    Ok(decided)
}

fn decide_records(
    connection: &Connection,
    stream: &Stream,
    changes: &[RecordChange],
) -> Result<Vec<Option<u64>>, Failure> {
    let mut decided = Vec::with_capacity(changes.len());
    for change in changes {
        let current: Option<i64> = connection
            .prepare_cached("select version from records where stream = ? and key = ?")?
            .query_row(params![stream.row.id, change.key.as_str()], |row| row.get(0))
            .optional()?;
        decided.push(change.decide(current.map(i64::unsigned_abs))?);
    }
    Ok(decided)
}

/// Appends an event, unless its id is known.
fn append(
    connection: &Connection,
    statements: &mut Statements<'_>,
    stream: &mut Stream,
    event: &NewEvent,
) -> Result<Appended, Failure> {
    let row = &mut stream.row;
    let sequence = row.head.next();
    let id = IdColumn::new(&event.id);
    if statements.know_id.execute(params![row.id, id, sequence.to_i64()])? == 0 {
        let first = statements.sequence_of(row.id, &event.id)?.unwrap_or(row.head);
        return Ok(Appended { sequence: first, duplicate: true });
    }
    // Looking a channel up for the first time asks the tail, so what was appended has to be there: `pending` is of channels
    // that were looked up in this group already.
    let channel = stream.channels.append(connection, row, &stream.view.tail, &event.channel, sequence)?;
    statements.append.execute(params![
        key::of(row.id, sequence),
        channel,
        id,
        event.time.as_millis(),
        event.source.as_ref().map(|source| source.as_str()),
        TypeColumn(&event.content_type),
        write_headers(&event.headers),
        &event.data[..],
    ])?;
    row.head = sequence;
    row.events += 1;
    row.bytes += (event.data.len() + event.headers.bytes()) as u64;
    stream.pending.push((channel, sequence));
    Ok(Appended { sequence, duplicate: false })
}

fn write_cursors(
    connection: &Connection,
    stream: &Stream,
    moves: &[CursorMove],
    decided: Vec<Option<Sequence>>,
) -> Result<(), Failure> {
    for (change, to) in moves.iter().zip(decided) {
        let (id, name) = (stream.row.id, change.name.as_str());
        match to {
            Some(to) => connection
                .prepare_cached(
                    "insert or replace into cursors(stream, name, seq, moved) values (?, ?, ?, ?)",
                )?
                .execute(params![id, name, to.to_i64(), change.time.as_millis()])?,
            None => connection
                .prepare_cached("delete from cursors where stream = ? and name = ?")?
                .execute(params![id, name])?,
        };
    }
    Ok(())
}

fn write_records(
    connection: &Connection,
    stream: &Stream,
    changes: &[RecordChange],
    decided: Vec<Option<u64>>,
) -> Result<(), Failure> {
    for (change, version) in changes.iter().zip(decided) {
        let (id, key) = (stream.row.id, change.key.as_str());
        match (version, &change.value) {
            (Some(version), Some(value)) => connection
                .prepare_cached(
                    "insert or replace into records(stream, key, version, value) values (?, ?, ?, ?)",
                )?
                .execute(params![id, key, version as i64, &value[..]])?,
            _ => connection
                .prepare_cached("delete from records where stream = ? and key = ?")?
                .execute(params![id, key])?,
        };
    }
    Ok(())
}
