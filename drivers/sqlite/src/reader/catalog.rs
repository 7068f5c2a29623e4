//! Listing and counting.

use super::{ChannelCursor, Known, Snapshot};
use crate::error::Work;
use eventweir::{
    ChannelInfo, ChannelName, Cursor, CursorName, Direction, Result, Scope, Selector, Sequence, StreamName,
    Timestamp, Usage,
};
use rusqlite::{Connection, params};

/// Lists channels that have retained events. `None`: begin again.
pub(crate) fn channels(
    snapshot: &Snapshot<'_>,
    selector: &Selector,
    after: Option<&ChannelName>,
    limit: usize,
) -> Result<Option<Vec<ChannelInfo>>> {
    let (from, to) = range(selector);
    let from = after.map_or(from.clone(), |after| from.max(after.as_str().to_owned()));
    let mut statement = snapshot
        .connection
        .prepare_cached(
            "select id, name, last, removed_to, events from channels
                where stream = ? and name >= ? and name < ? and not empty order by name",
        )
        .work()?;
    let mut rows = statement.query(params![snapshot.row.id, from, to]).work()?;
    let mut list = Vec::new();
    while list.len() < limit
        && let Some(row) = rows.next().work()?
    {
        let known = Known::of(row)?;
        if after == Some(&known.name) || !selector.matches_channel(known.name.as_str()) {
            continue;
        }
        let Some(info) = describe(snapshot, known)? else { return Ok(None) };
        list.extend(info);
    }
    Ok(Some(list))
}

/// The names that a selector of one scope can mean lie together; those of several are looked for everywhere.
fn range(selector: &Selector) -> (String, String) {
    let below = match selector.scopes() {
        [Scope::Subtree(top)] => top.as_str(),
        [Scope::Pattern(pattern)] => pattern.literal_prefix(),
        _ => "",
    };
    // The name itself comes first, and `0` is the character after the slash.
    (below.to_owned(), format!("{below}0"))
}

/// Counts a channel's events. The outer `None`: begin again; the inner one: it has none.
fn describe(snapshot: &Snapshot<'_>, known: Known) -> Result<Option<Option<ChannelInfo>>> {
    let row = &snapshot.row;
    let young = snapshot.view.tail.lock().between(known.id, row.indexed_to, known.removed_to, row.head);
    let Some(young) = young else { return Ok(None) };
    let events = known.events + young.len() as u64;
    let last = young.last().copied().unwrap_or(known.last);
    let span = (known.removed_to, row.head);
    let mut cursor = ChannelCursor::new(known.id, span, row.indexed_to, Direction::Ascending, young);
    let first = cursor.next(snapshot.connection)?;
    Ok(Some(first.map(|first| ChannelInfo { name: known.name, events, first, last })))
}

/// Lists cursors.
pub(crate) fn cursors(
    snapshot: &Snapshot<'_>,
    after: Option<&CursorName>,
    limit: usize,
) -> Result<Vec<Cursor>> {
    let mut statement = snapshot
        .connection
        .prepare_cached(
            "select name, seq, moved from cursors where stream = ? and name > ? order by name limit ?",
        )
        .work()?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows =
        statement.query(params![snapshot.row.id, after.map_or("", CursorName::as_str), limit]).work()?;
    let mut list = Vec::new();
    while let Some(row) = rows.next().work()? {
        list.push(Cursor {
            name: CursorName::new(&row.get::<_, String>(0).work()?)?,
            sequence: Sequence::from_i64(row.get(1).work()?),
            moved: Timestamp::from_millis(row.get(2).work()?),
        });
    }
    Ok(list)
}

/// Counts what a stream holds.
pub(crate) fn usage(snapshot: &Snapshot<'_>) -> Result<Usage> {
    let row = &snapshot.row;
    let cursors: i64 = snapshot
        .connection
        .prepare_cached("select count(*) from cursors where stream = ?")
        .work()?
        .query_row([row.id], |row| row.get(0))
        .work()?;
    Ok(Usage {
        bounds: row.bounds(),
        events: row.events,
        bytes: row.bytes,
        channels: row.channels,
        cursors: cursors.max(0) as u64,
    })
}

/// Lists the streams that exist, where another process writes.
pub(crate) fn stream_names(connection: &Connection) -> Result<Vec<StreamName>> {
    let mut statement = connection.prepare_cached("select name from streams order by name").work()?;
    let mut rows = statement.query([]).work()?;
    let mut names = Vec::new();
    while let Some(row) = rows.next().work()? {
        // A deleted stream whose rows still go has a name that is none.
        names.extend(StreamName::new(&row.get::<_, String>(0).work()?));
    }
    Ok(names)
}
