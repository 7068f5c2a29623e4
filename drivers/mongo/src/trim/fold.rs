//! Notes what was removed by channel, and takes the events out of the log. All of it may be done twice.

use crate::core::Core;
use crate::document::{documents, integer, text};
use crate::layout::{BY_CHANNEL, BY_SEQUENCE, channel_tag, state_key, tags_below};
use crate::record::{Deletion, StreamRecord};
use crate::store::of;
use crate::streams::StreamHandle;
use eventweir::{ChannelName, Epoch, Result, Sequence};
use mongodb::bson::{Document, doc};
use std::collections::BTreeMap;

/// So many channels without events are remembered in a stream. Beyond, readers are told of a gap where there may have been one.
const MOST_REMOVED: u64 = 100_000;
/// So many are forgotten in one step.
const FORGET_AT_ONCE: i64 = 1_000;
/// So many documents are changed in one call.
const AT_ONCE: i64 = 200;

/// Carries out what the record says is removed.
pub(super) async fn finish(core: &Core, stream: &StreamHandle) -> Result<()> {
    let Some(record) = core.store.record(&stream.name).await? else { return Ok(()) };
    let mut made = 0;
    if record.folded < record.first {
        made += note_removed(core, &record).await?;
        let folded = doc! { "$max": { "folded": record.first.to_i64() } };
        core.store.note(&stream.name, record.epoch, folded).await?;
    }
    let folded = record.folded.max(record.first);
    if record.stripped < folded {
        strip(core, record.epoch, record.stripped, folded).await?;
        let stripped = doc! { "$max": { "stripped": folded.to_i64() } };
        core.store.note(&stream.name, record.epoch, stripped).await?;
    }
    for deletion in &record.deleting {
        made += carry_out(core, stream, record.epoch, deletion).await?;
    }
    if made > 0 {
        forget(core, stream, record.epoch).await?;
    }
    Ok(())
}

/// Notes the channels of the events that are removed and still in the log. Returns how many were not known.
async fn note_removed(core: &Core, record: &StreamRecord) -> Result<u64> {
    let range = doc! { "$gte": record.folded.to_i64() };
    let first = doc! { "$lt": record.first.to_i64() };
    let pipeline = vec![
        doc! { "$match": { "s": of(record.epoch), "last": range, "first": first } },
        doc! { "$project": { "ev.q": 1, "ev.c": 1 } },
    ];
    let mut removed: BTreeMap<ChannelName, Sequence> = BTreeMap::new();
    for document in core.store.search_by(BY_SEQUENCE, pipeline).await? {
        for event in documents(&document, "ev") {
            let event = event?;
            let sequence = Sequence::from_i64(integer(event, "q")?);
            if sequence < record.first {
                let to = removed.entry(ChannelName::new(text(event, "c")?)?).or_default();
                *to = sequence.max(*to);
            }
        }
    }
    let updates = removed.iter().map(|(channel, to)| removed_update(record.epoch, channel, *to));
    core.store.update_all(&core.store.removed, updates.collect()).await
}

fn removed_update(epoch: Epoch, channel: &ChannelName, to: Sequence) -> Document {
    let own = std::iter::once(channel_tag(channel.as_str()));
    let tags: Vec<String> = own.chain(tags_below(channel.as_str())).collect();
    doc! {
        "q": { "_id": state_key(epoch, channel.as_str()) },
        "u": {
            "$max": { "to": to.to_i64() },
            "$setOnInsert": { "s": of(epoch), "c": channel.as_str(), "tags": tags },
        },
        "upsert": true,
    }
}

/// Takes the events out of the documents that end in a range. The ids stay.
async fn strip(core: &Core, epoch: Epoch, from: Sequence, below: Sequence) -> Result<()> {
    loop {
        let range = doc! { "$gte": from.to_i64(), "$lt": below.to_i64() };
        let whole = doc! { "s": of(epoch), "last": range, "gone": { "$exists": false } };
        let change = doc! { "$unset": { "ev": "", "ch": "" }, "$currentDate": { "gone": true } };
        if !change_some(core, BY_SEQUENCE, whole, change).await? {
            return Ok(());
        }
    }
}

/// Changes some of the documents that a query finds. Returns whether there were any.
pub(super) async fn change_some(core: &Core, index: &str, query: Document, change: Document) -> Result<bool> {
    let keys = some_keys(core, index, query, AT_ONCE).await?;
    if keys.is_empty() {
        return Ok(false);
    }
    let update = core.store.log.update_many(doc! { "_id": { "$in": keys } }, change);
    core.store.write(update).await?;
    Ok(true)
}

/// Lists the keys of some of the documents that a query finds.
pub(super) async fn some_keys(core: &Core, index: &str, query: Document, most: i64) -> Result<Vec<String>> {
    let pipeline = vec![doc! { "$match": query }, doc! { "$limit": most }, doc! { "$project": { "_id": 1 } }];
    let found = core.store.search_by(index, pipeline).await?;
    found.iter().map(|document| text(document, "_id").map(str::to_owned)).collect()
}

/// Carries a channel's deletion out in the log. Returns how many channels were not known as removed.
async fn carry_out(core: &Core, stream: &StreamHandle, epoch: Epoch, deletion: &Deletion) -> Result<u64> {
    let (channel, to) = (deletion.channel.as_str(), deletion.to.to_i64());
    let note = removed_update(epoch, &deletion.channel, deletion.to);
    let made = core.store.update_all(&core.store.removed, vec![note]).await?;
    loop {
        let with = doc! {
            "s": of(epoch), "ch": channel_tag(channel), "last": { "$gte": 1_i64 }, "first": { "$lte": to },
        };
        let pull = doc! { "ev": { "c": channel, "q": { "$lte": to } }, "ch": channel_tag(channel) };
        if !change_some(core, BY_CHANNEL, with, doc! { "$pull": pull }).await? {
            break;
        }
    }
    let done = doc! { "$pull": { "deleting": { "c": channel, "to": to } } };
    core.store.note(&stream.name, epoch, done).await?;
    Ok(made)
}

/// Forgets the channels that were removed first, when there are too many. Their readers are told a gap from then on.
async fn forget(core: &Core, stream: &StreamHandle, epoch: Epoch) -> Result<()> {
    let removed = &core.store.removed;
    let count = removed.count_documents(doc! { "s": of(epoch) }).limit(MOST_REMOVED + 1);
    if core.store.read(count).await? <= MOST_REMOVED {
        return Ok(());
    }
    let pipeline = vec![
        doc! { "$match": { "s": of(epoch) } },
        doc! { "$sort": { "to": 1 } },
        doc! { "$limit": FORGET_AT_ONCE },
        doc! { "$project": { "to": 1 } },
    ];
    let found = core.store.gather(removed, pipeline).await?;
    let Some(last) = found.last() else { return Ok(()) };
    let to = integer(last, "to")?;
    let change = doc! { "$max": { "forgotten_to": to }, "$inc": { "v": 1_i64 } };
    if core.store.note(&stream.name, epoch, change).await? {
        // Those that have lost more since stay.
        let old = doc! { "s": of(epoch), "to": { "$lte": to } };
        core.store.write(removed.delete_many(old)).await?;
    }
    Ok(())
}
