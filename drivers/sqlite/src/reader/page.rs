//! A page of a stream.

use super::channels::{Target, removed_to, resolve};
use super::merge::Merge;
use super::rows::{COLUMNS, Names, event};
use super::{ChannelCursor, Known, Snapshot};
use crate::error::Work;
use crate::key;
use crate::streams::StreamView;
use eventweir::{Direction, Event, Gap, Page, ReadQuery, Result, Sequence};
use rusqlite::OptionalExtension;
use std::sync::Arc;

/// A page looks at no more than this many events that it does not return.
const READ_STEP: usize = 20_000;

/// Answers from memory who asks for news when there are none.
pub(crate) fn nothing_new(view: &StreamView, query: &ReadQuery) -> Option<Page> {
    let seen = view.seen();
    let bounds = seen.bounds(view.epoch);
    let (after, reset, _) = query.start.resolve(&bounds);
    if after < seen.head || reset.is_some() || seen.removed_to > after {
        return None;
    }
    Some(empty_page(query, bounds, after))
}

fn empty_page(query: &ReadQuery, bounds: eventweir::Bounds, after: Sequence) -> Page {
    let until = query.until.map_or(bounds.head, |until| until.min(bounds.head));
    Page {
        events: Vec::new(),
        through: match query.direction {
            Direction::Ascending => until.max(after),
            Direction::Descending => after.next(),
        },
        more: false,
        bounds,
        gap: None,
        reset: None,
    }
}

/// Takes a page. `None` when memory no longer has what the snapshot lacks: begin again.
pub(crate) fn read(snapshot: &Snapshot<'_>, query: &ReadQuery) -> Result<Option<Page>> {
    let bounds = snapshot.row.bounds();
    let (after, reset, tell) = query.start.resolve(&bounds);
    let until = query.until.map_or(bounds.head, |until| until.min(bounds.head));
    let target = resolve(snapshot, &query.selector)?;
    let mut page = Page { reset, ..empty_page(query, bounds, after) };
    if tell {
        page.gap = removed_to(snapshot, &query.selector, &target, after)?
            .map(|removed| Gap { after, resume_at: removed.next() });
    }
    if after >= until {
        return Ok(Some(page));
    }
    let mut pager = Pager { snapshot, query, page, names: Names::default(), bytes: 0, looked: 0 };
    match target {
        Target::Log => pager.scan(after, until)?,
        Target::Channels(channels) => {
            let Some(cursors) = cursors(snapshot, query, &channels, after, until) else { return Ok(None) };
            for known in channels {
                pager.names.insert(known.id, known.name);
            }
            pager.follow(Merge::new(snapshot.connection, cursors, query.direction)?)?;
        }
    }
    Ok(Some(pager.page))
}

/// Opens a cursor on each channel, all under one lock of memory's part of the index.
fn cursors(
    snapshot: &Snapshot<'_>,
    query: &ReadQuery,
    channels: &[Known],
    after: Sequence,
    until: Sequence,
) -> Option<Vec<ChannelCursor>> {
    let indexed_to = snapshot.row.indexed_to;
    let tail = snapshot.view.tail.lock();
    let open = |known: &Known| {
        let floor = after.max(known.removed_to);
        let young = tail.between(known.id, indexed_to, floor, until)?;
        Some(ChannelCursor::new(known.id, (floor, until), indexed_to, query.direction, young))
    };
    channels.iter().map(open).collect()
}

struct Pager<'a> {
    snapshot: &'a Snapshot<'a>,
    query: &'a ReadQuery,
    page: Page,
    names: Names,
    bytes: usize,
    looked: usize,
}

impl Pager<'_> {
    /// Looks up what the channel index lists.
    fn follow(&mut self, mut merge: Merge) -> Result<()> {
        let connection = self.snapshot.connection;
        let sql = format!("select {COLUMNS} from events where key = ?");
        let mut statement = connection.prepare_cached(&sql).work()?;
        while let Some(sequence) = merge.next(connection)? {
            if self.is_full() {
                self.end_before(sequence);
                break;
            }
            let (selector, names) = (&self.query.selector, &mut self.names);
            let found = statement
                .query_row([key::of(self.snapshot.row.id, sequence)], |row| {
                    Ok(event(connection, row, selector, names))
                })
                .optional()
                .work()?
                .transpose()?;
            self.take(found.flatten());
        }
        Ok(())
    }

    /// Looks through the log.
    fn scan(&mut self, after: Sequence, until: Sequence) -> Result<()> {
        let connection = self.snapshot.connection;
        let order = match self.query.direction {
            Direction::Ascending => "asc",
            Direction::Descending => "desc",
        };
        let sql = format!("select {COLUMNS} from events where key > ? and key <= ? order by key {order}");
        let mut statement = connection.prepare_cached(&sql).work()?;
        let id = self.snapshot.row.id;
        let mut rows = statement.query([key::of(id, after), key::of(id, until)]).work()?;
        while let Some(row) = rows.next().work()? {
            if self.is_full() {
                self.end_before(key::sequence(row.get(0).work()?));
                break;
            }
            let found = event(connection, row, &self.query.selector, &mut self.names)?;
            self.take(found);
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.page.events.len() >= self.query.limit.max(1)
            || !self.page.events.is_empty() && self.bytes >= self.query.max_bytes
            || self.looked >= READ_STEP
    }

    fn take(&mut self, found: Option<Arc<Event>>) {
        match found {
            Some(event) => {
                self.bytes += event.data.len() + event.headers.bytes();
                self.page.events.push(event);
            }
            None => self.looked += 1,
        }
    }

    /// The page ends just before this event.
    fn end_before(&mut self, sequence: Sequence) {
        self.page.more = true;
        self.page.through = match self.query.direction {
            Direction::Ascending => sequence.previous(),
            Direction::Descending => sequence.next(),
        };
    }
}
