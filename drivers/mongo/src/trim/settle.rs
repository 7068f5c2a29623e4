//! Copies cursors and records out of the log, so that documents may leave it and those without events do not pile up.

use super::fold::change_some;
use crate::core::Core;
use crate::document::{documents, number, text};
use crate::layout::{BY_NUMBER, cursor_tag, record_tag, state_key};
use crate::record::StreamRecord;
use crate::store::{numbers, of};
use crate::streams::StreamHandle;
use eventweir::{Epoch, Result};
use mongodb::bson::{Bson, Document, RawDocument, RawDocumentBuf, doc};
use std::collections::HashMap;

/// The newest documents stay as they are: readers at the end of the log, and writers, know their numbers.
const KEPT: u64 = 64;
/// So many documents are settled in one step.
const STEP: u64 = 500;
/// So many steps are made in one call.
const STEPS: usize = 8;
/// Copies of together this many bytes go in one command.
const MOST_BYTES: usize = 4 << 20;

/// Settles all but the newest documents. Returns whether there are more.
pub(super) async fn settle(core: &Core, stream: &StreamHandle) -> Result<bool> {
    for _ in 0..STEPS {
        let known = core.refresh(stream).await?;
        let record = &known.record;
        if record.cleared < record.settled {
            clear(core, stream, record, record.settled).await?;
            continue;
        }
        let to = known.tip.number.saturating_sub(KEPT).min(record.settled + STEP);
        if to <= record.settled {
            return Ok(false);
        }
        copy(core, record, to).await?;
        // From now on the numbers may be removed, and whoever still builds on them finds that out here.
        core.store.note(&stream.name, record.epoch, doc! { "$max": { "settled": to as i64 } }).await?;
        clear(core, stream, record, to).await?;
    }
    Ok(true)
}

/// Copies what the documents up to a number say of cursors and records. An older copy never replaces a newer one.
async fn copy(core: &Core, record: &StreamRecord, to: u64) -> Result<()> {
    let range = numbers(record.epoch, record.settled + 1, to);
    let pipeline = vec![
        doc! { "$match": { "_id": range, "st": { "$exists": true } } },
        doc! { "$sort": { "_id": 1 } },
        doc! { "$project": { "n": 1, "cu": 1, "re": 1 } },
    ];
    let store = &core.store;
    let mut cursor = store.read(store.log.aggregate(pipeline).with_type::<RawDocumentBuf>()).await?;
    let mut copies: HashMap<String, Document> = HashMap::new();
    let mut bytes = 0;
    while store.read(cursor.advance()).await? {
        let document = cursor.current();
        let number = number(document, "n")?;
        for (field, kind) in [("cu", "c"), ("re", "r")] {
            for entry in documents(document, field) {
                let entry = entry?;
                bytes += entry.as_bytes().len() + 128;
                let name = text(entry, "k")?;
                let tag = if kind == "c" { cursor_tag(name) } else { record_tag(name) };
                let key = state_key(record.epoch, &tag);
                copies.insert(key.clone(), update(key, record.epoch, kind, name, number, entry)?);
            }
        }
        if bytes > MOST_BYTES {
            let some = std::mem::take(&mut copies).into_values().collect();
            store.update_all(&store.state, some).await?;
            bytes = 0;
        }
    }
    if !copies.is_empty() {
        store.update_all(&store.state, copies.into_values().collect()).await?;
    }
    Ok(())
}

/// One that meets a newer copy wants to insert a second one, and is left out.
fn update(
    key: String,
    epoch: Epoch,
    kind: &str,
    name: &str,
    number: u64,
    entry: &RawDocument,
) -> Result<Document> {
    let entry = Document::try_from(entry)
        .map_err(|_| crate::document::corrupt("a cursor or record in the log cannot be read"))?;
    // A removed one is kept as such: a copy that comes late must not bring it back.
    let there = entry.contains_key("q") || entry.contains_key("v");
    let number = Bson::Int64(number as i64);
    Ok(doc! {
        "q": { "_id": &key, "n": { "$lt": &number } },
        "u": { "_id": &key, "s": of(epoch), "k": kind, "name": name, "n": number, "there": there, "found": [entry] },
        "upsert": true,
    })
}

/// Takes cursors and records out of the documents, and says since when there is nothing but ids in those without events.
async fn clear(core: &Core, stream: &StreamHandle, record: &StreamRecord, to: u64) -> Result<()> {
    let range = || numbers(record.epoch, record.cleared + 1, to);
    loop {
        let with_state = doc! { "_id": range(), "st": { "$exists": true } };
        let change = doc! { "$unset": { "st": "", "cu": "", "re": "" } };
        if !change_some(core, BY_NUMBER, with_state, change).await? {
            break;
        }
    }
    loop {
        let empty = doc! { "_id": range(), "last": { "$exists": false }, "gone": { "$exists": false } };
        if !change_some(core, BY_NUMBER, empty, doc! { "$currentDate": { "gone": true } }).await? {
            break;
        }
    }
    core.store.note(&stream.name, record.epoch, doc! { "$max": { "cleared": to as i64 } }).await?;
    Ok(())
}
