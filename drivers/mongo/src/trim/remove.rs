//! Decides what goes, and says so in the record.

use crate::core::{ATTEMPTS, Core, overtaken};
use crate::document::{Tip, documents, integer, span, text};
use crate::record::StreamRecord;
use crate::store::of;
use crate::streams::StreamHandle;
use eventweir::{Result, Retention, Sequence, Timestamp};
use mongodb::bson::{Document, doc};

/// A step removes at most this many events.
const MOST_EVENTS: u64 = 10_000;
/// It looks at no more documents than about this.
const MOST_DOCUMENTS: usize = 1_000;
/// So many documents are looked at in one call.
const AT_ONCE: i64 = 200;

/// Removes the oldest events that are beyond a retention. Returns how many, and whether there are more.
pub(super) async fn beyond(
    core: &Core,
    stream: &StreamHandle,
    retention: &Retention,
    now: Timestamp,
) -> Result<(u64, bool)> {
    if retention.is_forever() {
        return Ok((0, false));
    }
    for _ in 0..ATTEMPTS {
        let known = core.refresh(stream).await?;
        let cut = find_cut(core, &known.record, known.tip, retention, now).await?;
        let first = match cut.first {
            Some(first) => first,
            None => return Ok((0, false)),
        };
        if cut.events == 0 && first == known.record.first {
            return Ok((0, cut.more));
        }
        let change = doc! {
            "$set": { "first": first.to_i64(), "gone_to": known.record.gone_to.max(cut.last).to_i64() },
            "$inc": { "v": 1_i64, "gone_events": cut.events as i64, "gone_bytes": cut.bytes as i64 },
        };
        if exchange(core, stream, &known.record, change).await? {
            return Ok((cut.events, cut.more));
        }
    }
    Err(overtaken())
}

/// Changes a record when nothing was removed since it was read. Returns whether it did.
pub(super) async fn exchange(
    core: &Core,
    stream: &StreamHandle,
    record: &StreamRecord,
    change: Document,
) -> Result<bool> {
    let same = doc! { "_id": stream.name.as_str(), "s": of(record.epoch), "v": record.version };
    let update = core.store.streams.update_one(same, change);
    Ok(core.store.write(update).await?.matched_count == 1)
}

/// What goes.
#[derive(Default)]
struct Cut {
    events: u64,
    bytes: u64,
    /// The last sequence that goes.
    last: Sequence,
    /// The oldest event that stays; one above the head when none does; `None` when it was not looked for.
    first: Option<Sequence>,
    more: bool,
}

async fn find_cut(
    core: &Core,
    record: &StreamRecord,
    tip: Tip,
    retention: &Retention,
    now: Timestamp,
) -> Result<Cut> {
    let cutoff = retention.cutoff(now);
    let events = tip.events.saturating_sub(record.gone_events);
    let bytes = tip.bytes.saturating_sub(record.gone_bytes);
    let mut cut = Cut::default();
    let over = |cut: &Cut, time: Timestamp| {
        retention.max_events.is_some_and(|most| events.saturating_sub(cut.events) > most)
            || retention.max_bytes.is_some_and(|most| bytes.saturating_sub(cut.bytes) > most)
            || cutoff.is_some_and(|cutoff| time < cutoff)
    };
    if cutoff.is_none() && !over(&cut, Timestamp::MAX) {
        return Ok(cut);
    }
    let mut walk = Walk::new(core, record, tip, record.first);
    while let Some(event) = walk.next().await? {
        if !over(&cut, event.time) {
            cut.first = Some(event.sequence);
            return Ok(cut);
        }
        if cut.events == MOST_EVENTS || (walk.documents >= MOST_DOCUMENTS && walk.is_at_start()) {
            cut.first = Some(event.sequence);
            cut.more = true;
            return Ok(cut);
        }
        cut.events += 1;
        cut.bytes += event.bytes;
        cut.last = event.sequence;
    }
    cut.first = Some(tip.head.next());
    Ok(cut)
}

/// A retained event, without what is in it.
pub(super) struct Outline {
    pub(super) sequence: Sequence,
    pub(super) time: Timestamp,
    pub(super) bytes: u64,
}

/// Goes through the retained events, oldest first, up to an end of the log.
pub(super) struct Walk<'a> {
    core: &'a Core,
    record: &'a StreamRecord,
    tip: Tip,
    /// Everything below was looked at.
    place: Sequence,
    waiting: std::vec::IntoIter<(bool, Outline)>,
    at_start: bool,
    /// How many documents were looked at.
    documents: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(core: &'a Core, record: &'a StreamRecord, tip: Tip, from: Sequence) -> Self {
        let waiting = Vec::new().into_iter();
        Self { core, record, tip, place: from, waiting, at_start: true, documents: 0 }
    }

    /// Returns whether the event that came last is the first of its document.
    fn is_at_start(&self) -> bool {
        self.at_start
    }

    pub(super) async fn next(&mut self) -> Result<Option<Outline>> {
        loop {
            if let Some((at_start, event)) = self.waiting.next() {
                self.at_start = at_start;
                return Ok(Some(event));
            }
            if self.place > self.tip.head || !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// Looks at some more documents. Returns whether there were any.
    async fn fill(&mut self) -> Result<bool> {
        let density = (self.tip.events / self.tip.number.max(1)).max(1);
        // A range with both ends costs what is in it. When nothing ends in it, the next document is larger.
        let near = self.place.plus(4 * AT_ONCE as u64 * density).min(self.tip.head);
        for end in [near, self.tip.head] {
            let range = doc! { "$gte": self.place.to_i64(), "$lte": end.to_i64() };
            let fields = doc! { "first": 1, "last": 1, "ev.q": 1, "ev.c": 1, "ev.t": 1, "ev.z": 1 };
            let pipeline = vec![
                doc! { "$match": { "s": of(self.record.epoch), "last": range } },
                doc! { "$sort": { "last": 1 } },
                doc! { "$limit": AT_ONCE },
                doc! { "$project": fields },
            ];
            let found = self.core.store.search(pipeline).await?;
            let mut waiting = Vec::new();
            for document in &found {
                let mut at_start = true;
                for event in documents(document, "ev") {
                    let event = event?;
                    let sequence = Sequence::from_i64(integer(event, "q")?);
                    if sequence >= self.place && self.record.retains(text(event, "c")?, sequence) {
                        let time = Timestamp::from_millis(integer(event, "t")?);
                        let bytes = integer(event, "z")?.unsigned_abs();
                        waiting.push((at_start, Outline { sequence, time, bytes }));
                        at_start = false;
                    }
                }
            }
            if let Some(last) = found.last() {
                let Some((_, last)) = span(last)? else { return Ok(false) };
                self.documents += found.len();
                self.place = last.next();
                self.waiting = waiting.into_iter();
                return Ok(true);
            }
        }
        Ok(false)
    }
}
