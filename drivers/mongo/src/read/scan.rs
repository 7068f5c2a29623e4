//! Takes events out of documents.

use super::Documents;
use crate::document::{decode, documents, integer, span, text};
use crate::record::StreamRecord;
use eventweir::{Event, ReadQuery, Result, Sequence};
use mongodb::bson::RawDocument;
use std::sync::Arc;

/// A page in the making.
pub(super) struct Gathered<'a> {
    query: &'a ReadQuery,
    record: &'a StreamRecord,
    after: Sequence,
    until: Sequence,
    pub(super) events: Vec<Arc<Event>>,
    bytes: usize,
    /// The event that has no place in the page any more.
    pub(super) cut_before: Option<Sequence>,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(
        query: &'a ReadQuery,
        record: &'a StreamRecord,
        after: Sequence,
        until: Sequence,
    ) -> Self {
        Self { query, record, after, until, events: Vec::new(), bytes: 0, cut_before: None }
    }

    /// Returns whether the page has all that it may. The first event is taken whatever its size.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= self.query.limit.max(1)
            || self.bytes >= self.query.max_bytes && !self.events.is_empty()
    }

    /// Returns how many more events the page may have.
    pub(super) fn room(&self) -> usize {
        self.query.limit.saturating_sub(self.events.len())
    }

    /// Takes the events of documents that follow each other.
    pub(super) fn take_ascending(&mut self, found: &Documents) -> Result<()> {
        for document in found {
            for event in documents(document, "ev") {
                self.take(event?)?;
            }
        }
        Ok(())
    }

    /// Takes the events of documents, oldest first, which begin right after `place` unless only some of them were asked for. Returns
    /// the last sequence of the last document, if there is any; outside, `None` when a document is missing.
    pub(super) fn take_in_order(
        &mut self,
        found: &Documents,
        place: Sequence,
        sparse: bool,
    ) -> Result<Option<Option<Sequence>>> {
        let mut end = None;
        for document in found {
            let Some((first, last)) = span(document)? else { return Ok(None) };
            let expected = end.unwrap_or(place).next();
            let follows =
                if end.is_some() { first == expected } else { first <= expected && last >= expected };
            if !sparse && !follows {
                return Ok(None);
            }
            end = Some(last);
        }
        self.take_ascending(found)?;
        Ok(Some(end))
    }

    /// Takes the events of documents, newest first, of which the first ends at `end`, as [`take_in_order`](Self::take_in_order).
    pub(super) fn take_in_reverse(
        &mut self,
        found: &Documents,
        end: Sequence,
        sparse: bool,
    ) -> Result<Option<Option<Sequence>>> {
        let mut begin: Option<Sequence> = None;
        for document in found {
            let Some((first, last)) = span(document)? else { return Ok(None) };
            if !sparse && last != begin.map_or(end, Sequence::previous) {
                return Ok(None);
            }
            begin = Some(first);
            let events = documents(document, "ev").collect::<Result<Vec<_>>>()?;
            for event in events.into_iter().rev() {
                self.take(event)?;
            }
        }
        Ok(Some(begin))
    }

    fn take(&mut self, document: &RawDocument) -> Result<()> {
        let sequence = Sequence::from_i64(integer(document, "q")?);
        let channel = text(document, "c")?;
        if self.cut_before.is_some()
            || sequence <= self.after
            || sequence > self.until
            || !self.record.retains(channel, sequence)
        {
            return Ok(());
        }
        if self.is_full() {
            self.cut_before = Some(sequence);
            return Ok(());
        }
        if !self.query.selector.matches_channel(channel) {
            return Ok(());
        }
        let event = decode(document)?;
        if self.query.selector.matches_source(event.source.as_ref()) {
            self.bytes += event.data.len() + event.headers.bytes();
            self.events.push(Arc::new(event));
        }
        Ok(())
    }
}
