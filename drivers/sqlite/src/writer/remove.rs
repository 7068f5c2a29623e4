//! Retention and deletion, a bounded step at a time, so that commits are not held up.

use super::state::{Failure, State, Stream};
use crate::codec::{header_bytes, ids, push_id};
use crate::key::{self, ChannelId};
use crate::reader::ChannelCursor;
use eventweir::{Bounds, ChannelName, Direction, Retention, Sequence, StreamName, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;

/// A step removes at most this many events, or forgets this many ids.
pub(crate) const STEP: usize = 2000;
/// So many channels without events are remembered in a stream.
const MOST_EMPTY: u64 = 100_000;

/// What a step did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) events: u64,
    pub(crate) bounds: Bounds,
    pub(crate) more: bool,
}

/// What was removed of one channel.
#[derive(Clone, Copy, Default)]
struct Part {
    upto: Sequence,
    /// How many of the events were in runs.
    indexed: i64,
}

/// What a step removes.
#[derive(Default)]
struct Removal {
    parts: BTreeMap<ChannelId, Part>,
    ids: Vec<u8>,
    events: u64,
    bytes: u64,
    upto: Sequence,
}

impl Removal {
    /// Adds an event: its channel, id, the length of its data, its headers.
    fn add(&mut self, indexed_to: Sequence, sequence: Sequence, row: &Row<'_>) -> rusqlite::Result<()> {
        let part = self.parts.entry(row.get(1)?).or_default();
        part.upto = sequence;
        part.indexed += i64::from(sequence <= indexed_to);
        push_id(&mut self.ids, row.get_ref(2)?);
        self.events += 1;
        self.bytes += row.get::<_, i64>(3)?.unsigned_abs() + header_bytes(row.get_ref(4)?);
        self.upto = sequence;
        Ok(())
    }
}

impl State {
    /// Removes the oldest events, as far as the retention says.
    pub(super) fn trim(
        &mut self,
        connection: &Connection,
        name: &StreamName,
        retention: &Retention,
        now: Timestamp,
        most: usize,
    ) -> Result<Step, Failure> {
        // What is too old the caller says. How long an id is known runs by this store's own clock.
        let own_now = self.clock.now();
        let stream = self.stream(connection, name)?;
        let beyond = Beyond { retention, cutoff: retention.cutoff(now) };
        let (removal, more) = collect(connection, stream, &beyond, most.min(STEP))?;
        let events = removal.events;
        if events > 0 {
            connection.prepare_cached("delete from events where key >= ? and key <= ?")?.execute(params![
                key::of(stream.row.id, stream.row.first),
                key::of(stream.row.id, removal.upto)
            ])?;
            settle(connection, stream, removal, own_now)?;
        }
        Ok(Step { events, bounds: stream.row.bounds(), more })
    }

    /// Removes the oldest events of a channel, up to the head that the stream had when the deletion began.
    pub(super) fn delete_channel(
        &mut self,
        connection: &Connection,
        name: &StreamName,
        channel: &ChannelName,
        upto: Option<Sequence>,
    ) -> Result<Step, Failure> {
        let now = self.clock.now();
        let stream = self.stream(connection, name)?;
        let upto = upto.unwrap_or(stream.row.head);
        let (sequences, more) = list_channel(connection, stream, channel, upto)?;
        let mut removal = Removal::default();
        for sequence in sequences {
            let key = key::of(stream.row.id, sequence);
            connection
                .prepare_cached("select key, channel, id, length(data), headers from events where key = ?")?
                .query_row([key], |row| removal.add(stream.row.indexed_to, sequence, row))
                .optional()?;
            connection.prepare_cached("delete from events where key = ?")?.execute([key])?;
        }
        let events = removal.events;
        if events > 0 {
            stream.row.deletions += 1;
            settle(connection, stream, removal, now)?;
        }
        Ok(Step { events, bounds: stream.row.bounds(), more })
    }

    /// Forgets ids whose window is over: those of one earlier step, and some of commits.
    pub(super) fn fade(&mut self, connection: &Connection, name: &StreamName) -> Result<Step, Failure> {
        let before = self.clock.now().minus(self.window).as_millis();
        let stream = self.stream(connection, name)?;
        let id = stream.row.id;
        let oldest: Option<(i64, i64, Vec<u8>)> = connection
            .prepare_cached("select n, at, ids from fading_ids where stream = ? order by n limit 1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let mut more = false;
        if let Some((n, at, list)) = oldest
            && at < before
        {
            let mut forget =
                connection.prepare_cached("delete from event_ids where stream = ? and id = ?")?;
            for event in ids(&list) {
                forget.execute(params![id, event])?;
            }
            connection.prepare_cached("delete from fading_ids where n = ?")?.execute([n])?;
            more = true;
        }
        let commits = connection
            .prepare_cached(
                "delete from commits where stream = ?1 and id in
                    (select id from commits where stream = ?1 and at < ?2 order by at limit ?3)",
            )?
            .execute(params![id, before, STEP as i64])?;
        Ok(Step { events: 0, bounds: stream.row.bounds(), more: more || commits == STEP })
    }

    /// Removes a stream: it is gone at once, and its rows go step by step (see `purge.rs`).
    pub(super) fn delete_stream(
        &mut self,
        connection: &Connection,
        name: &StreamName,
    ) -> Result<(), Failure> {
        // A stream that this transaction made has rows as well.
        let id: Option<i64> = connection
            .prepare_cached("select id from streams where name = ?")?
            .query_row([name.as_str()], |row| row.get(0))
            .optional()?;
        let Some(id) = id else { return Ok(()) };
        connection
            .prepare_cached("update streams set name = ? where id = ?")?
            .execute(params![format!("{}{id}", super::purge::DELETED), id])?;
        self.streams.remove(name);
        // Readers that look now find no row in the file, and ask the writer, who makes the stream anew after this.
        self.shared.remove(name);
        self.purging.push(id);
        Ok(())
    }
}

/// When the oldest events are to go.
struct Beyond<'a> {
    retention: &'a Retention,
    cutoff: Option<Timestamp>,
}

impl Beyond<'_> {
    fn holds(&self, events: u64, bytes: u64, time: i64) -> bool {
        self.retention.max_events.is_some_and(|most| events > most)
            || self.retention.max_bytes.is_some_and(|most| bytes > most)
            || self.cutoff.is_some_and(|cutoff| time < cutoff.as_millis())
    }
}

/// Lists the oldest events that are to go, and says whether there are more of them.
fn collect(
    connection: &Connection,
    stream: &Stream,
    beyond: &Beyond<'_>,
    most: usize,
) -> rusqlite::Result<(Removal, bool)> {
    let row = &stream.row;
    let mut removal = Removal::default();
    let mut statement = connection.prepare_cached(
        "select key, channel, id, length(data), headers, time from events where key >= ? and key <= ? order by key",
    )?;
    let mut rows = statement.query([key::of(row.id, row.first), key::of(row.id, row.head)])?;
    while let Some(event) = rows.next()? {
        let (events, bytes) = (row.events - removal.events, row.bytes.saturating_sub(removal.bytes));
        if !beyond.holds(events, bytes, event.get(5)?) {
            return Ok((removal, false));
        }
        if removal.events as usize >= most {
            return Ok((removal, true));
        }
        removal.add(row.indexed_to, key::sequence(event.get(0)?), event)?;
    }
    Ok((removal, false))
}

/// Lists a channel's oldest events, at most a step of them, and says whether there are more.
fn list_channel(
    connection: &Connection,
    stream: &mut Stream,
    channel: &ChannelName,
    upto: Sequence,
) -> Result<(Vec<Sequence>, bool), Failure> {
    stream.publish();
    let row = &stream.row;
    let known: Option<(ChannelId, i64)> = connection
        .prepare_cached("select id, removed_to from channels where stream = ? and name = ?")?
        .query_row(params![row.id, channel.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, removed_to)) = known else { return Ok((Vec::new(), false)) };
    let floor = Sequence::from_i64(removed_to);
    let young = stream.view.tail.lock().between(id, row.indexed_to, floor, upto).unwrap_or_default();
    let mut cursor = ChannelCursor::new(id, (floor, upto), row.indexed_to, Direction::Ascending, young);
    let mut list = Vec::new();
    while let Some(sequence) = cursor.next(connection)? {
        if list.len() == STEP {
            return Ok((list, true));
        }
        list.push(sequence);
    }
    Ok((list, false))
}

/// Accounts for events that were deleted.
fn settle(
    connection: &Connection,
    stream: &mut Stream,
    removal: Removal,
    now: Timestamp,
) -> Result<(), Failure> {
    stream.publish();
    connection
        .prepare_cached("insert into fading_ids(stream, at, ids) values (?, ?, ?)")?
        .execute(params![stream.row.id, now.as_millis(), removal.ids])?;
    for (channel, part) in &removal.parts {
        settle_channel(connection, stream, *channel, *part)?;
    }
    let row = &mut stream.row;
    row.events = row.events.saturating_sub(removal.events);
    row.bytes = row.bytes.saturating_sub(removal.bytes);
    row.removed_to = row.removed_to.max(removal.upto);
    let first: Option<i64> = connection
        .prepare_cached("select min(key) from events where key >= ? and key <= ?")?
        .query_row([key::of(row.id, row.first), key::of(row.id, row.head)], |row| row.get(0))?;
    row.first = first.map_or(row.head.next(), key::sequence);
    stream.touched = true;
    forget_channels(connection, stream)
}

fn settle_channel(
    connection: &Connection,
    stream: &mut Stream,
    channel: ChannelId,
    part: Part,
) -> Result<(), Failure> {
    let upto = part.upto.to_i64();
    let (last, was_empty, name): (i64, bool, String) = connection
        .prepare_cached(
            "update channels set removed_to = max(removed_to, ?1), last = max(last, ?1), events = events - ?2
                where id = ?3 returning last, empty, name",
        )?
        .query_row(params![upto, part.indexed, channel], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    connection
        .prepare_cached("delete from runs where channel = ?1 and first <= ?2 and last <= ?2")?
        .execute(params![channel, upto])?;
    let young = stream.view.tail.lock().last(channel).unwrap_or_default();
    let is_empty = Sequence::from_i64(last).max(young) <= part.upto;
    if is_empty && !was_empty {
        connection.prepare_cached("update channels set empty = 1 where id = ?")?.execute([channel])?;
        stream.row.channels = stream.row.channels.saturating_sub(1);
        stream.channels.forget(&name);
    }
    Ok(())
}

/// Forgets those channels without events that lost theirs first, when too many are remembered.
fn forget_channels(connection: &Connection, stream: &mut Stream) -> Result<(), Failure> {
    let empty: i64 = connection
        .prepare_cached("select count(*) from channels where stream = ? and empty")?
        .query_row([stream.row.id], |row| row.get(0))?;
    let surplus = empty.unsigned_abs().saturating_sub(MOST_EMPTY);
    if surplus == 0 {
        return Ok(());
    }
    let mut oldest = connection.prepare_cached(
        "select id, name, removed_to from channels where stream = ? and empty order by removed_to limit ?",
    )?;
    let gone: Vec<(ChannelId, String, i64)> = oldest
        .query_map(params![stream.row.id, surplus as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, name, removed_to) in gone {
        connection.prepare_cached("delete from channels where id = ?")?.execute([id])?;
        stream.channels.forget(&name);
        stream.row.forgotten_to = stream.row.forgotten_to.max(Sequence::from_i64(removed_to));
    }
    Ok(())
}
