//! Cursors and records: the last document of the log that changed one says what it is, and when none is left, `weir_state` does.

use crate::core::{ATTEMPTS, Core, overtaken};
use crate::document::{corrupt, documents, integer};
use crate::layout::{STATE, STREAMS, cursor_tag, record_tag, state_key};
use crate::store::of;
use crate::streams::StreamHandle;
use bytes::Bytes;
use eventweir::{Cursor, CursorName, Epoch, Record, RecordKey, Result, Sequence, StreamName, Timestamp};
use mongodb::bson::raw::RawBsonRef;
use mongodb::bson::{Document, RawDocument, RawDocumentBuf, doc};

/// Finds what a tag stands for: an entry of `cu` or `re`, or the folded one. `None` when it was never used.
pub(crate) async fn find(core: &Core, epoch: Epoch, tag: &str) -> Result<Option<RawDocumentBuf>> {
    newest(core.store.search(pipeline(epoch, tag)).await?)
}

/// The newest entry of the log comes first, and only then the folded one, looked at after it: what leaves the log is there before.
fn pipeline(epoch: Epoch, tag: &str) -> Vec<Document> {
    let (field, name) = match tag.split_at(1) {
        ("c", name) => ("$cu", name),
        (_, key) => ("$re", key),
    };
    let same = doc! { "$eq": ["$$e.k", { "$literal": name }] };
    vec![
        doc! { "$match": { "s": of(epoch), "st": tag } },
        doc! { "$sort": { "n": -1 } },
        doc! { "$limit": 1 },
        doc! { "$project": { "_id": 0, "n": 1, "found": { "$filter": { "input": field, "as": "e", "cond": same } } } },
        doc! { "$unionWith": { "coll": STATE, "pipeline": [
            { "$match": { "_id": state_key(epoch, tag) } },
            { "$project": { "_id": 0, "n": 1, "found": 1 } },
        ] } },
    ]
}

/// Returns the entry of the document with the greatest number: for a moment, older ones than the folded one may be in the log.
fn newest(found: Vec<RawDocumentBuf>) -> Result<Option<RawDocumentBuf>> {
    let mut newest: Option<(i64, RawDocumentBuf)> = None;
    for document in &found {
        let number = integer(document, "n")?;
        if newest.as_ref().is_some_and(|(newest, _)| *newest >= number) {
            continue;
        }
        let entry = documents(document, "found").next();
        let entry = entry.ok_or_else(|| corrupt("a cursor or record is missing where it should be"))??;
        newest = Some((number, entry.to_owned()));
    }
    Ok(newest.map(|(_, entry)| entry))
}

/// Finds what a tag stands for, in the incarnation that the stream has at this time.
async fn find_now(core: &Core, stream: &StreamHandle, tag: &str) -> Result<Option<RawDocumentBuf>> {
    for _ in 0..ATTEMPTS {
        let known = core.known(stream).await?;
        let mut pipeline = pipeline(known.record.epoch, tag);
        let still = still(&stream.name, known.record.epoch);
        pipeline.push(doc! { "$unionWith": { "coll": STREAMS, "pipeline": still } });
        let mut found = core.store.search(pipeline).await?;
        if found.pop_if(|last| last.get_bool("still").is_ok()).is_some() {
            return newest(found);
        }
        stream.forget(&known);
    }
    Err(overtaken())
}

/// Finds a document when the stream has an incarnation.
pub(crate) fn still(name: &StreamName, epoch: Epoch) -> Vec<Document> {
    vec![
        doc! { "$match": { "_id": name.as_str(), "s": of(epoch) } },
        doc! { "$project": { "_id": 0, "still": { "$literal": true } } },
    ]
}

pub(crate) async fn read_cursor(
    core: &Core,
    stream: &StreamHandle,
    name: &CursorName,
) -> Result<Option<Cursor>> {
    let found = find_now(core, stream, &cursor_tag(name.as_str())).await?;
    Ok(found.map(|found| cursor(name, &found)).transpose()?.flatten())
}

pub(crate) async fn read_record(
    core: &Core,
    stream: &StreamHandle,
    key: &RecordKey,
) -> Result<Option<Record>> {
    let found = find_now(core, stream, &record_tag(key.as_str())).await?;
    let Some(found) = found else { return Ok(None) };
    let Some(version) = record_version(&found)? else { return Ok(None) };
    let value = found.get_binary("d").map_err(|_| corrupt("a record in the store lacks its value"))?;
    Ok(Some(Record { version, value: Bytes::copy_from_slice(value.bytes) }))
}

/// Reads a cursor; `None` when it was removed.
pub(crate) fn cursor(name: &CursorName, found: &RawDocument) -> Result<Option<Cursor>> {
    let Some(sequence) = optional(found, "q")? else { return Ok(None) };
    let moved = optional(found, "t")?.ok_or_else(|| corrupt("a cursor in the store lacks its time"))?;
    Ok(Some(Cursor {
        name: name.clone(),
        sequence: Sequence::from_i64(sequence),
        moved: Timestamp::from_millis(moved),
    }))
}

/// Reads a record's version; `None` when it was removed.
pub(crate) fn record_version(found: &RawDocument) -> Result<Option<u64>> {
    Ok(optional(found, "v")?.map(i64::unsigned_abs))
}

fn optional(found: &RawDocument, field: &str) -> Result<Option<i64>> {
    match found.get(field) {
        Ok(None) => Ok(None),
        Ok(Some(RawBsonRef::Int64(number))) => Ok(Some(number)),
        _ => Err(corrupt("a cursor or record in the store cannot be read")),
    }
}
