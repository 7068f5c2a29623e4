//! Cuts a page out of what was found.

use super::{Found, Rest};
use crate::codec::{head, reply};
use bytes::Bytes;
use eventweir::{Direction, Event, Gap, Page, ReadQuery, Reset, Result, Sequence};
use redis::Value;
use std::sync::Arc;

/// Where the page begins, and what there is to tell about that.
pub(super) struct Begin {
    pub(super) after: Sequence,
    pub(super) reset: Option<Reset>,
    pub(super) tell: bool,
}

pub(super) fn cut(query: &ReadQuery, found: Found, begin: Begin) -> Result<Page> {
    let Found { meta, entries, rest, removed_to } = found;
    let bounds = meta.bounds();
    let until = query.until.map_or(bounds.head, |until| until.min(bounds.head));
    let removed = removed_to.unwrap_or(meta.removed_to);
    let gap =
        (begin.tell && removed > begin.after).then(|| Gap { after: begin.after, resume_at: removed.next() });
    let mut page = Page {
        events: Vec::with_capacity(entries.len()),
        through: match query.direction {
            Direction::Ascending => until.max(begin.after),
            Direction::Descending => begin.after.next(),
        },
        more: false,
        bounds,
        gap,
        reset: begin.reset,
    };
    let (mut bytes, mut last) = (0, None);
    for entry in entries {
        let event = read(entry)?;
        // The first event is returned whatever its size is, or a reader would never get past it.
        let full =
            page.events.len() >= query.limit.max(1) || bytes >= query.max_bytes && !page.events.is_empty();
        if full {
            end_before(&mut page, query.direction, event.sequence);
            return Ok(page);
        }
        last = Some(event.sequence);
        if query.selector.matches(&event) {
            bytes += event.data.len() + event.headers.bytes();
            page.events.push(Arc::new(event));
        }
    }
    match (rest, last) {
        (Rest::Nothing, _) | (Rest::Unknown, None) => {}
        (Rest::From(sequence), _) => end_before(&mut page, query.direction, sequence),
        (Rest::Unknown, Some(last)) => {
            page.more = true;
            page.through = last;
        }
    }
    Ok(page)
}

/// The page ends just before this event.
fn end_before(page: &mut Page, direction: Direction, sequence: Sequence) {
    page.more = true;
    page.through = match direction {
        Direction::Ascending => sequence.previous(),
        Direction::Descending => sequence.next(),
    };
}

/// Reads an entry of the log: `SEQUENCE-0`, and the fields `h` and `d`.
fn read(entry: Value) -> Result<Event> {
    let [id, fields] = reply::exactly(entry)?;
    let id = reply::bytes(id)?;
    let sequence = reply::parse(id.strip_suffix(b"-0").unwrap_or(&id))?;
    let [_, attributes, _, data] = reply::exactly(fields)?;
    head::read(sequence, &reply::bytes(attributes)?, Bytes::from(reply::bytes(data)?))
}
