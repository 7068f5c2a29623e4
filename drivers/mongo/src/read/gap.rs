//! Law *told*: what was removed of a selection.

use super::selection::tags;
use crate::core::Core;
use crate::document::{corrupt, documents, integer, text};
use crate::layout::BY_SEQUENCE;
use crate::record::StreamRecord;
use crate::store::of;
use eventweir::{Gap, Result, Selector, Sequence};
use mongodb::bson::{Document, doc};

/// Finds the gap that a reader after a sequence is to be told, as of a record. It must be read again afterwards.
pub(super) async fn find(
    core: &Core,
    record: &StreamRecord,
    selector: &Selector,
    after: Sequence,
) -> Result<Option<Gap>> {
    let deleted = record
        .deleting
        .iter()
        .filter(|deletion| selector.matches_channel(deletion.channel.as_str()))
        .map(|deletion| deletion.to);
    let mut removed_to = deleted.fold(record.forgotten_to, Sequence::max);
    // First the log: what leaves it is among the removed before.
    removed_to = removed_to.max(in_log(core, record, selector).await?);
    removed_to = removed_to.max(among_removed(core, record, selector, after.max(removed_to)).await?);
    Ok((removed_to > after).then(|| Gap { after, resume_at: removed_to.next() }))
}

/// Finds the last removed event that is still in the log only. A trim leaves a bounded number of them there, for a moment.
async fn in_log(core: &Core, record: &StreamRecord, selector: &Selector) -> Result<Sequence> {
    if record.folded >= record.first {
        return Ok(Sequence::ZERO);
    }
    let range = doc! { "$gte": record.folded.to_i64() };
    let pipeline = vec![
        doc! { "$match": { "s": of(record.epoch), "last": range, "first": { "$lt": record.first.to_i64() } } },
        doc! { "$project": { "ev.q": 1, "ev.c": 1 } },
    ];
    let mut last = Sequence::ZERO;
    for document in core.store.search_by(BY_SEQUENCE, pipeline).await? {
        for event in documents(&document, "ev") {
            let event = event?;
            let sequence = Sequence::from_i64(integer(event, "q")?);
            if sequence < record.first && selector.matches_channel(text(event, "c")?) {
                last = last.max(sequence);
            }
        }
    }
    Ok(last)
}

async fn among_removed(
    core: &Core,
    record: &StreamRecord,
    selector: &Selector,
    after: Sequence,
) -> Result<Sequence> {
    let mut query: Document = doc! { "s": of(record.epoch) };
    if let Some(tags) = tags(selector) {
        query.insert("tags", doc! { "$in": tags });
    }
    query.insert("to", doc! { "$gt": after.to_i64() });
    let find = core.store.removed.find(query).sort(doc! { "to": -1 }).projection(doc! { "c": 1, "to": 1 });
    let mut found = core.store.read(find).await?;
    // The first one that the selector means is the last that was removed.
    while core.store.read(found.advance()).await? {
        let removed = found.current();
        if selector.matches_channel(text(removed, "c")?) {
            let to = integer(removed, "to").map_err(|_| corrupt("a removed channel lacks its sequence"))?;
            return Ok(Sequence::from_i64(to));
        }
    }
    Ok(Sequence::ZERO)
}
