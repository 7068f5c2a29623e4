//! Pages.
//!
//! A page begins with what is known of the stream, which may be out of date: an end of the log, and a record. The log is looked at
//! up to that end, and after that the record, in one call. When the record is as it was, nothing was removed in between, and the page
//! is exact; else all is looked at anew. Nothing rests on a range read being a snapshot: sequences have no holes, and none
//! may be missing.

mod gap;
mod scan;
mod selection;

use crate::core::{ATTEMPTS, Core, overtaken};
use crate::document::Tip;
use crate::record::StreamRecord;
use crate::store::{Look, numbers};
use crate::streams::{Known, StreamHandle};
use eventweir::{Bounds, Direction, Gap, Page, ReadQuery, Reset, Result, Sequence, Start};
use mongodb::bson::{Document, RawDocumentBuf, doc};
use scan::Gathered;
use selection::Selection;
pub(crate) use selection::tags as channel_tags;
use std::sync::Arc;

/// A read looks at no more than about this many events that it does not return.
const MOST_PASSED: u64 = 20_000;
/// A look brings at most so many documents.
const MOST_DOCUMENTS: u64 = 64;
/// Documents of at most so many bytes together come in one look, beside what the page may have.
const MOST_BYTES: usize = 16 << 20;

/// Reads a page.
pub(crate) async fn page(core: &Core, stream: &StreamHandle, query: &ReadQuery) -> Result<Page> {
    let selection = Selection::of(&query.selector);
    let newest_first = query.direction == Direction::Descending;
    for attempt in 0..ATTEMPTS {
        // A page that begins at the head begins at the head of this time.
        let beyond = |known: &Known| query.until.is_none_or(|until| until > known.tip.head);
        let mut known = core.known(stream).await?;
        let mut fresh = false;
        if attempt > 0 || query.start == Start::Latest || newest_first && beyond(&known) {
            known = core.refresh(stream).await?;
            fresh = true;
        }
        let reading = Reading { core, stream, query, selection: &selection, known: &known, fresh };
        if let Some(page) = reading.attempt().await? {
            return Ok(page);
        }
    }
    Err(overtaken())
}

/// Says what a stream holds at this time.
pub(crate) async fn bounds(core: &Core, stream: &StreamHandle) -> Result<Bounds> {
    let known = core.refresh(stream).await?;
    Ok(bounds_of(&known.record, known.tip.head))
}

pub(crate) fn bounds_of(record: &StreamRecord, head: Sequence) -> Bounds {
    Bounds { epoch: record.epoch, first: record.first, head, deletions: record.deletions }
}

/// One try to read a page.
struct Reading<'a> {
    core: &'a Core,
    stream: &'a StreamHandle,
    query: &'a ReadQuery,
    selection: &'a Selection,
    known: &'a Arc<Known>,
    /// Whether `known` was looked at in this very call, so that the page may be as of then.
    fresh: bool,
}

/// Where a read starts, and what it has to tell.
struct Begin {
    after: Sequence,
    reset: Option<Reset>,
    gap: Option<Gap>,
}

impl Reading<'_> {
    /// Returns `None` when something changed that would make the page untrue.
    async fn attempt(&self) -> Result<Option<Page>> {
        let known = bounds_of(&self.known.record, self.known.tip.head);
        let (after, reset, tell) = self.query.start.resolve(&known);
        let ascending = self.query.direction == Direction::Ascending;
        if self.query.start == Start::Latest {
            return Ok(Some(self.nothing(after)));
        }
        if reset.is_some() && !self.fresh {
            // Another incarnation may have come since.
            return Ok(None);
        }
        if ascending && after >= known.head {
            let begin = Begin { after, reset, gap: None };
            return if self.fresh { self.at_end(begin).await } else { self.tail(begin).await };
        }
        let gap = if tell && self.known.record.gone_to > after {
            gap::find(self.core, &self.known.record, &self.query.selector, after).await?
        } else {
            None
        };
        let begin = Begin { after, reset, gap };
        if ascending { self.oldest_first(begin).await } else { self.newest_first(begin).await }
    }

    /// A page at the head, of a stream that was looked at in this call.
    fn nothing(&self, after: Sequence) -> Page {
        let through = match self.query.direction {
            Direction::Ascending => self.query.until.map_or(after, |until| until.min(after)).max(after),
            Direction::Descending => after.next(),
        };
        let bounds = bounds_of(&self.known.record, self.known.tip.head);
        Page { events: Vec::new(), through, more: false, bounds, gap: None, reset: None }
    }

    /// A reader at or beyond the head of a fresh look has nothing to get.
    async fn at_end(&self, begin: Begin) -> Result<Option<Page>> {
        Ok(Some(Page { reset: begin.reset, ..self.nothing(begin.after) }))
    }

    /// What came since the end that is known.
    async fn tail(&self, begin: Begin) -> Result<Option<Page>> {
        let most = self.documents_for(self.query.limit);
        let tip = self.known.tip;
        let range = numbers(self.known.record.epoch, tip.number + 1, tip.number + most);
        let mut pipeline = vec![doc! { "$match": { "_id": range } }, doc! { "$sort": { "_id": 1 } }];
        pipeline.push(self.selection.project(self.filters()));
        let look = self.look(pipeline).await?;
        let Some(record) = self.unchanged(&look) else { return self.again().await };
        if record.settled > tip.number {
            return self.again().await;
        }
        let mut now = tip;
        let mut documents = Vec::new();
        for document in look.documents {
            let next = Tip::of(&document)?;
            if next.number != now.number + 1 {
                break;
            }
            now = next;
            documents.push(document);
        }
        let whole = (documents.len() as u64) < most && !look.cut;
        let head = if whole {
            now.head
        } else {
            let (end, after) =
                self.core.store.look_at_end(&self.stream.name, record.epoch, now.number).await?;
            if !after.is_some_and(|after| after.is_as(&record)) {
                return self.again().await;
            }
            end.head
        };
        self.stream.learn(&record, now);
        let until = self.query.until.map_or(now.head, |until| until.min(now.head));
        let mut page = Gathered::new(self.query, &record, begin.after, until);
        page.take_ascending(&documents)?;
        Ok(Some(self.finish(page, begin, &record, until, head)))
    }

    /// Makes an ascending page of what was gathered up to `until`.
    fn finish(
        &self,
        gathered: Gathered<'_>,
        begin: Begin,
        record: &StreamRecord,
        until: Sequence,
        head: Sequence,
    ) -> Page {
        let wanted = self.query.until.map_or(head, |until| until.min(head));
        let cut = gathered.cut_before;
        let through = cut.map_or(until, Sequence::previous).max(begin.after);
        Page {
            events: gathered.events,
            through,
            more: cut.is_some() || until < wanted,
            bounds: bounds_of(record, head),
            gap: begin.gap.filter(|_| begin.after < head),
            reset: begin.reset,
        }
    }

    async fn oldest_first(&self, begin: Begin) -> Result<Option<Page>> {
        let (record, tip) = (&self.known.record, self.known.tip);
        let until = self.query.until.map_or(tip.head, |until| until.min(tip.head));
        let mut gathered = Gathered::new(self.query, record, begin.after, until);
        // Everything up to here was looked at.
        let mut place = begin.after.max(record.first.previous());
        let mut passed = 0;
        let mut head = tip.head;
        let mut wide = false;
        let mut looked = false;
        while place < until || !looked {
            let most = self.documents_for(gathered.room());
            let end = if wide { tip.head } else { self.window_above(place, most) };
            let pipeline = self.selection.pipeline(record.epoch, place, end, 1, most, self.filters());
            let Some((look, now)) = self.look_with_head(pipeline).await? else { return self.again().await };
            looked = true;
            head = now;
            let Some(last) = gathered.take_in_order(&look.documents, place, self.selection.is_sparse())?
            else {
                return self.again().await;
            };
            let all = (look.documents.len() as u64) < most && !look.cut;
            let before = place;
            place = match (self.selection.is_sparse() && all, last) {
                // Nothing more of the selection is in the range.
                (true, _) => end,
                (false, Some(last)) => last,
                // A document may be larger than the range.
                (false, None) if !wide => {
                    wide = true;
                    continue;
                }
                (false, None) if place < until => return self.again().await,
                (false, None) => place,
            };
            wide = false;
            passed += place.get().saturating_sub(before.get());
            if gathered.cut_before.is_some() || place >= until {
                break;
            }
            if gathered.is_full() || passed > MOST_PASSED {
                gathered.cut_before = Some(place.next());
                break;
            }
        }
        self.stream.learn(record, tip);
        Ok(Some(self.finish(gathered, begin, record, until, head)))
    }

    async fn newest_first(&self, begin: Begin) -> Result<Option<Page>> {
        let (record, tip) = (&self.known.record, self.known.tip);
        let until = self.query.until.map_or(tip.head, |until| until.min(tip.head));
        let floor = begin.after.max(record.first.previous());
        let mut gathered = Gathered::new(self.query, record, begin.after, until);
        let mut head = tip.head;
        let mut looked = false;
        // The last sequence of the document that is looked at next.
        let mut end = if until < tip.head && until > floor { self.end_of(until).await? } else { Some(until) };
        let mut place = until;
        let mut passed = 0;
        let mut wide = false;
        while place > floor || !looked {
            let Some(upper) = end else { return self.again().await };
            let most = self.documents_for(gathered.room());
            let lower = if wide { floor } else { self.window_below(upper, floor, most) };
            let pipeline = self.selection.pipeline(record.epoch, lower, upper, -1, most, self.filters());
            let Some((look, now)) = self.look_with_head(pipeline).await? else { return self.again().await };
            looked = true;
            head = now;
            let Some(first) = gathered.take_in_reverse(&look.documents, upper, self.selection.is_sparse())?
            else {
                return self.again().await;
            };
            let all = (look.documents.len() as u64) < most && !look.cut;
            let before = place;
            place = match (self.selection.is_sparse() && all, first) {
                (true, _) => lower,
                (false, Some(first)) => first.previous(),
                (false, None) if !wide && lower > floor => {
                    wide = true;
                    continue;
                }
                (false, None) if place > floor => return self.again().await,
                (false, None) => place,
            };
            wide = false;
            end = Some(place);
            passed += before.get().saturating_sub(place.get());
            if gathered.cut_before.is_some() || place <= floor {
                break;
            }
            if gathered.is_full() || passed > MOST_PASSED {
                gathered.cut_before = Some(place);
                break;
            }
        }
        self.stream.learn(record, tip);
        let through = gathered.cut_before.map_or(begin.after.next(), Sequence::next);
        Ok(Some(Page {
            more: gathered.cut_before.is_some(),
            events: gathered.events,
            through,
            bounds: bounds_of(record, head),
            gap: begin.gap.filter(|_| begin.after < head),
            reset: begin.reset,
        }))
    }

    /// Returns the last sequence of the document that holds a sequence; `None` when none does.
    async fn end_of(&self, sequence: Sequence) -> Result<Option<Sequence>> {
        let epoch = self.known.record.epoch;
        for end in [sequence.plus(1024), self.known.tip.head] {
            if let Some(found) = selection::end_of(self.core, epoch, sequence, end).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn look(&self, pipeline: Vec<Document>) -> Result<Look> {
        let budget = self.query.max_bytes.saturating_add(MOST_BYTES);
        self.core.store.look(&self.stream.name, pipeline, budget).await
    }

    /// Looks at the log and, unless that was done in this call, at the head of this time. Both at once: either is followed by a
    /// look at the record. `None` when something was removed since the record that is known.
    async fn look_with_head(&self, pipeline: Vec<Document>) -> Result<Option<(Look, Sequence)>> {
        let Known { record, tip } = &**self.known;
        if self.fresh {
            let look = self.look(pipeline).await?;
            return Ok(self.unchanged(&look).map(|_| (look, tip.head)));
        }
        let end = self.core.store.look_at_end(&self.stream.name, record.epoch, tip.number);
        let (look, (now, after)) = futures_util::future::try_join(self.look(pipeline), end).await?;
        let same = self.unchanged(&look).is_some() && after.is_some_and(|after| after.is_as(record));
        Ok(same.then_some((look, now.head)))
    }

    /// Returns the record of a look, when nothing was removed since the one that is known.
    fn unchanged(&self, look: &Look) -> Option<StreamRecord> {
        look.record.clone().filter(|record| record.is_as(&self.known.record))
    }

    /// Learns what is new, for the next try.
    async fn again(&self) -> Result<Option<Page>> {
        self.core.refresh(self.stream).await?;
        Ok(None)
    }

    /// Returns how many events a document has, on average.
    fn density(&self) -> u64 {
        (self.known.tip.events / self.known.tip.number.max(1)).max(1)
    }

    /// Returns whether it is worth to let the server leave out what is not meant.
    fn filters(&self) -> bool {
        self.density() >= 4
    }

    /// Estimates how many documents hold some more events.
    fn documents_for(&self, events: usize) -> u64 {
        let most = if self.selection.is_sparse() { 2 * MOST_DOCUMENTS } else { MOST_DOCUMENTS };
        let per_document = if self.selection.is_sparse() { 1 } else { self.density() };
        (events as u64 / per_document).saturating_add(2).min(most)
    }

    /// Bounds a range of sequences in which so many documents end. Of a sparse selection, all up to the end is one range.
    fn window_above(&self, place: Sequence, documents: u64) -> Sequence {
        let head = self.known.tip.head;
        if self.selection.is_sparse() { head } else { place.plus(4 * documents * self.density()).min(head) }
    }

    fn window_below(&self, end: Sequence, floor: Sequence, documents: u64) -> Sequence {
        if self.selection.is_sparse() {
            return floor;
        }
        let span = 4 * documents * self.density();
        Sequence::from_i64(end.to_i64().saturating_sub(span as i64)).max(floor)
    }
}

/// Keeps documents alive while their events are taken.
type Documents = [RawDocumentBuf];
