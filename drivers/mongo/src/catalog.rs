//! Listing, counting and deleting.

use crate::MongoStorage;
use crate::attended::attended;
use crate::core::{ATTEMPTS, Core, overtaken};
use crate::document::{corrupt, documents, integer, text};
use crate::read::{bounds_of, channel_tags};
use crate::state;
use crate::store::of;
use crate::streams::{Known, StreamHandle};
use crate::trim;
use eventweir::{
    Catalog, ChannelInfo, ChannelName, Cursor, CursorName, Result, Selector, Sequence, StreamName, Usage,
    async_trait,
};
use mongodb::bson::{Bson, Document, doc};
use std::collections::BTreeMap;

/// So many cursors are looked at in one call.
const AT_ONCE: i64 = 1_000;

#[async_trait]
impl Catalog for MongoStorage {
    async fn streams(&self) -> Result<Vec<StreamName>> {
        let core = self.core()?;
        attended(async move { streams(&core).await }).await
    }

    async fn channels(
        &self,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        let (core, stream) = (self.core()?, self.stream(stream)?);
        let (selector, after) = (selector.clone(), after.cloned());
        let look = async move {
            for _ in 0..ATTEMPTS {
                let known = core.refresh(&stream).await?;
                let found = channels(&core, &known, &selector, after.as_ref(), limit).await?;
                if is_unchanged(&core, &stream, &known).await? {
                    return Ok(found);
                }
            }
            Err(overtaken())
        };
        attended(look).await
    }

    async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        let (core, stream, after) = (self.core()?, self.stream(stream)?, after.cloned());
        let look = async move {
            for _ in 0..ATTEMPTS {
                let known = core.refresh(&stream).await?;
                let found = cursors(&core, &known, after.as_ref(), limit).await?;
                if is_unchanged(&core, &stream, &known).await? {
                    return Ok(found);
                }
            }
            Err(overtaken())
        };
        attended(look).await
    }

    async fn usage(&self, stream: &StreamName) -> Result<Usage> {
        let (core, stream) = (self.core()?, self.stream(stream)?);
        attended(async move { usage(&core, &stream).await }).await
    }

    async fn delete_channel(&self, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        let (core, stream, channel) = (self.core()?, self.stream(stream)?, channel.clone());
        attended(async move { trim::delete_channel(&core, &stream, &channel).await }).await
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        let (core, stream) = (self.core()?, self.stream(stream)?);
        attended(async move { trim::delete_stream(&core, &stream).await }).await
    }
}

async fn streams(core: &Core) -> Result<Vec<StreamName>> {
    let pipeline = vec![doc! { "$sort": { "_id": 1 } }, doc! { "$project": { "_id": 1 } }];
    let found = core.store.gather(&core.store.streams, pipeline).await?;
    found.iter().map(|found| StreamName::new(text(found, "_id")?)).collect()
}

async fn usage(core: &Core, stream: &StreamHandle) -> Result<Usage> {
    for _ in 0..ATTEMPTS {
        let known = core.refresh(stream).await?;
        let channels = count_channels(core, &known).await?;
        let cursors = cursors(core, &known, None, usize::MAX).await?.len() as u64;
        if is_unchanged(core, stream, &known).await? {
            let (record, tip) = (&known.record, known.tip);
            return Ok(Usage {
                bounds: bounds_of(record, tip.head),
                events: tip.events.saturating_sub(record.gone_events),
                bytes: tip.bytes.saturating_sub(record.gone_bytes),
                channels,
                cursors,
            });
        }
    }
    Err(overtaken())
}

/// Returns whether nothing was removed since the stream was looked at: then what was found up to that end is all of it.
async fn is_unchanged(core: &Core, stream: &StreamHandle, known: &Known) -> Result<bool> {
    let record = core.store.record(&stream.name).await?;
    Ok(record.is_some_and(|record| record.is_as(&known.record)))
}

async fn count_channels(core: &Core, known: &Known) -> Result<u64> {
    let mut pipeline = retained(known, None);
    pipeline.push(doc! { "$group": { "_id": "$ev.c" } });
    pipeline.push(doc! { "$count": "channels" });
    let found = core.store.search(pipeline).await?;
    Ok(found.first().map_or(Ok(0), |found| integer(found, "channels"))?.unsigned_abs())
}

/// Finds the sequence and channel of every retained event up to an end of the log.
fn retained(known: &Known, tags: Option<Vec<String>>) -> Vec<Document> {
    let (first, head) = (known.record.first.to_i64(), known.tip.head.to_i64());
    let mut documents = doc! { "s": of(known.record.epoch) };
    if let Some(tags) = tags {
        documents.insert("ch", doc! { "$in": tags });
    }
    documents.insert("last", doc! { "$gte": first, "$lte": head });
    let mut events = doc! { "ev.q": { "$gte": first, "$lte": head } };
    let deleted = known.record.deleting.iter().map(|deletion| {
        Bson::from(doc! { "ev.c": deletion.channel.as_str(), "ev.q": { "$lte": deletion.to.to_i64() } })
    });
    let deleted: Vec<Bson> = deleted.collect();
    if !deleted.is_empty() {
        events.insert("$nor", deleted);
    }
    vec![
        doc! { "$match": documents },
        doc! { "$project": { "ev.q": 1, "ev.c": 1 } },
        doc! { "$unwind": "$ev" },
        doc! { "$match": events },
    ]
}

async fn channels(
    core: &Core,
    known: &Known,
    selector: &Selector,
    after: Option<&ChannelName>,
    limit: usize,
) -> Result<Vec<ChannelInfo>> {
    let mut pipeline = retained(known, channel_tags(selector));
    if let Some(after) = after {
        pipeline.push(doc! { "$match": { "ev.c": { "$gt": after.as_str() } } });
    }
    pipeline.push(doc! { "$group": { "_id": "$ev.c", "events": { "$sum": 1_i64 },
    "first": { "$min": "$ev.q" }, "last": { "$max": "$ev.q" } } });
    pipeline.push(doc! { "$sort": { "_id": 1 } });
    if selector.is_all() {
        pipeline.push(doc! { "$limit": i64::try_from(limit.max(1)).unwrap_or(i64::MAX) });
    }
    let mut found = Vec::new();
    for channel in core.store.search(pipeline).await? {
        let name = ChannelName::new(text(&channel, "_id")?)?;
        if found.len() < limit && selector.matches_channel(name.as_str()) {
            found.push(ChannelInfo {
                name,
                events: integer(&channel, "events")?.unsigned_abs(),
                first: Sequence::from_i64(integer(&channel, "first")?),
                last: Sequence::from_i64(integer(&channel, "last")?),
            });
        }
    }
    Ok(found)
}

/// Cursors by name. One that is in the log and among the folded ones is what the greater number says; `None` was removed.
type ByName = BTreeMap<String, (i64, Option<Cursor>)>;

async fn cursors(
    core: &Core,
    known: &Known,
    after: Option<&CursorName>,
    limit: usize,
) -> Result<Vec<Cursor>> {
    let after = after.map_or("", CursorName::as_str);
    // First the log: what leaves it is among the folded ones before.
    let in_log = in_log(core, known, after).await?;
    let mut cursors: Vec<Cursor> = Vec::new();
    let mut place = after.to_owned();
    loop {
        let mut some = folded(core, known, &place).await?;
        let whole = (some.len() as i64) < AT_ONCE;
        let end = some.last_key_value().map(|(name, _)| name.clone());
        for (name, (number, cursor)) in in_log.range(format!("{place}\0")..) {
            if !whole && end.as_ref().is_some_and(|end| name > end) {
                break;
            }
            match some.get(name) {
                Some((folded, _)) if folded >= number => {}
                _ => drop(some.insert(name.clone(), (*number, cursor.clone()))),
            }
        }
        cursors.extend(some.into_values().filter_map(|(_, cursor)| cursor));
        match end {
            Some(end) if !whole && cursors.len() < limit => place = end,
            _ => break,
        }
    }
    cursors.truncate(limit);
    Ok(cursors)
}

async fn in_log(core: &Core, known: &Known, after: &str) -> Result<ByName> {
    let pipeline = vec![
        doc! { "$match": { "s": of(known.record.epoch), "st": { "$exists": true } } },
        doc! { "$project": { "n": 1, "cu": 1 } },
    ];
    let mut found = ByName::new();
    for document in core.store.search(pipeline).await? {
        let number = integer(&document, "n")?;
        for entry in documents(&document, "cu") {
            let entry = entry?;
            let name = text(entry, "k")?;
            let newer = found.get(name).is_none_or(|(before, _)| *before < number);
            if name > after && newer {
                let cursor = state::cursor(&CursorName::new(name)?, entry)?;
                found.insert(name.to_owned(), (number, cursor));
            }
        }
    }
    Ok(found)
}

async fn folded(core: &Core, known: &Known, after: &str) -> Result<ByName> {
    let pipeline = vec![
        doc! { "$match": { "s": of(known.record.epoch), "k": "c", "name": { "$gt": after } } },
        doc! { "$sort": { "name": 1 } },
        doc! { "$limit": AT_ONCE },
        doc! { "$project": { "name": 1, "n": 1, "found": 1 } },
    ];
    let found = core.store.gather(&core.store.state, pipeline).await?;
    let cursors = found.iter().map(|document| {
        let name = text(document, "name")?;
        let entry = documents(document, "found").next();
        let entry = entry.ok_or_else(|| corrupt("a cursor is missing where it should be"))??;
        let cursor = state::cursor(&CursorName::new(name)?, entry)?;
        Ok((name.to_owned(), (integer(document, "n")?, cursor)))
    });
    cursors.collect()
}
