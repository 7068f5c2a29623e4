//! Deletion of channels and streams.

use super::fold;
use super::remove::{Walk, exchange};
use crate::core::{ATTEMPTS, Core, overtaken};
use crate::document::{Tip, documents, integer, span};
use crate::layout::channel_tag;
use crate::record::{Deletion, StreamRecord};
use crate::store::of;
use crate::streams::StreamHandle;
use eventweir::{ChannelName, Epoch, Result, Sequence, StreamName};
use mongodb::Collection;
use mongodb::bson::{Document, doc};

/// So many documents are looked at, or removed, in one call.
const AT_ONCE: i64 = 500;
/// So many deletions may wait in a record; then they are carried out first.
const MOST_WAITING: usize = 16;

/// Removes a channel's events. Returns how many.
pub(crate) async fn delete_channel(core: &Core, stream: &StreamHandle, channel: &ChannelName) -> Result<u64> {
    for _ in 0..ATTEMPTS {
        let known = core.refresh(stream).await?;
        if known.record.deleting.len() >= MOST_WAITING {
            fold::finish(core, stream).await?;
            continue;
        }
        let Some(gone) = count(core, &known.record, known.tip, channel).await? else { return Ok(0) };
        let deletion = Deletion { channel: channel.clone(), to: gone.last };
        let mut record = known.record.clone();
        record.deleting.push(deletion.clone());
        let oldest = Walk::new(core, &record, known.tip, record.first).next().await?;
        let first = oldest.map_or(known.tip.head.next(), |event| event.sequence);
        let change = doc! {
            "$push": { "deleting": deletion.to_bson() },
            "$set": { "first": first.to_i64(), "gone_to": known.record.gone_to.max(gone.last).to_i64() },
            "$inc": {
                "v": 1_i64, "deletions": 1_i64,
                "gone_events": gone.events as i64, "gone_bytes": gone.bytes as i64,
            },
        };
        if exchange(core, stream, &known.record, change).await? {
            fold::finish(core, stream).await?;
            return Ok(gone.events);
        }
    }
    Err(overtaken())
}

/// What a channel holds.
struct Held {
    events: u64,
    bytes: u64,
    last: Sequence,
}

/// Counts a channel's retained events; `None` when there is none.
async fn count(core: &Core, record: &StreamRecord, tip: Tip, channel: &ChannelName) -> Result<Option<Held>> {
    let mut held = Held { events: 0, bytes: 0, last: Sequence::ZERO };
    let mut place = record.first;
    loop {
        let range = doc! { "$gte": place.to_i64(), "$lte": tip.head.to_i64() };
        let same = doc! { "$eq": ["$$e.c", { "$literal": channel.as_str() }] };
        let pipeline = vec![
            doc! { "$match": { "s": of(record.epoch), "ch": channel_tag(channel.as_str()), "last": range } },
            doc! { "$sort": { "last": 1 } },
            doc! { "$limit": AT_ONCE },
            doc! { "$project": { "first": 1, "last": 1,
            "ev": { "$filter": { "input": "$ev", "as": "e", "cond": same } } } },
            doc! { "$project": { "first": 1, "last": 1, "ev.q": 1, "ev.z": 1 } },
        ];
        let found = core.store.search(pipeline).await?;
        for document in &found {
            for event in documents(document, "ev") {
                let event = event?;
                let sequence = Sequence::from_i64(integer(event, "q")?);
                if record.retains(channel.as_str(), sequence) {
                    held.events += 1;
                    held.bytes += integer(event, "z")?.unsigned_abs();
                    held.last = held.last.max(sequence);
                }
            }
        }
        match found.last().map(|last| span(last)).transpose()?.flatten() {
            Some((_, last)) if found.len() as i64 == AT_ONCE => place = last.next(),
            _ => break,
        }
    }
    Ok((held.events > 0).then_some(held))
}

/// Removes a stream with everything in it.
pub(crate) async fn delete_stream(core: &Core, stream: &StreamHandle) -> Result<()> {
    let Some(record) = core.store.record(&stream.name).await? else { return Ok(()) };
    // Before the record goes, or nobody would know what is left.
    let leftover = doc! { "_id": of(record.epoch), "name": stream.name.as_str() };
    let known = core.store.leftovers.update_one(
        doc! { "_id": of(record.epoch) },
        doc! { "$setOnInsert": { "name": stream.name.as_str() } },
    );
    core.store.write(known.upsert(true)).await?;
    let same = doc! { "_id": stream.name.as_str(), "s": of(record.epoch) };
    core.store.write(core.store.streams.delete_one(same)).await?;
    if let Some(known) = stream.known() {
        stream.forget(&known);
    }
    sweep(core, &leftover).await
}

/// Goes on with streams whose deletion was cut off.
pub(super) async fn sweep_leftovers(core: &Core) -> Result<()> {
    let pipeline = vec![doc! { "$limit": 100 }];
    for leftover in core.store.gather(&core.store.leftovers, pipeline).await? {
        let leftover = Document::try_from(&*leftover)
            .map_err(|_| crate::document::corrupt("a leftover cannot be read"))?;
        sweep(core, &leftover).await?;
    }
    Ok(())
}

/// Removes what is left of an incarnation, unless it is still there: then its deletion was cut off before it began.
async fn sweep(core: &Core, leftover: &Document) -> Result<()> {
    let (Ok(epoch), Ok(name)) = (leftover.get_i64("_id"), leftover.get_str("name")) else {
        return Err(crate::document::corrupt("a leftover cannot be read"));
    };
    let epoch = Epoch::new(epoch.unsigned_abs())?;
    let record = core.store.record(&StreamName::new(name)?).await?;
    if record.is_some_and(|record| record.epoch == epoch) {
        return Ok(());
    }
    // The oldest first: a document that is there has all its successors.
    remove_all(core, &core.store.log, epoch).await?;
    remove_all(core, &core.store.state, epoch).await?;
    remove_all(core, &core.store.removed, epoch).await?;
    core.store.write(core.store.leftovers.delete_one(doc! { "_id": of(epoch) })).await?;
    Ok(())
}

async fn remove_all<T: Send + Sync>(core: &Core, from: &Collection<T>, epoch: Epoch) -> Result<()> {
    let prefix = format!("{:016x}-", epoch.get());
    let end = format!("{:016x}.", epoch.get());
    loop {
        let pipeline = vec![
            doc! { "$match": { "_id": { "$gte": &prefix, "$lt": &end } } },
            doc! { "$sort": { "_id": 1 } },
            doc! { "$limit": AT_ONCE },
            doc! { "$project": { "_id": 1 } },
        ];
        let found = core.store.gather(from, pipeline).await?;
        let keys = found.iter().map(|found| crate::document::text(found, "_id"));
        let keys = keys.collect::<Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Ok(());
        }
        core.store.write(from.delete_many(doc! { "_id": { "$in": keys } })).await?;
    }
}
