//! Listing, counting and deleting.

use crate::codec::meta::Meta;
use crate::codec::reply;
use crate::remove::Removal;
use crate::scripts;
use crate::storage::{RedisStorage, read_cursor};
use crate::streams::Place;
use bytes::Bytes;
use eventweir::{
    Catalog, ChannelInfo, ChannelName, Cursor, CursorName, Result, Scope, Selector, StreamName, Usage,
    async_trait,
};
use redis::Value;

/// So many names are looked at by one call.
const STEP: usize = 500;

#[async_trait]
impl Catalog for RedisStorage {
    async fn streams(&self) -> Result<Vec<StreamName>> {
        self.0.check_open()?;
        let names = self.0.link.read(&scripts::REGISTERED, &[self.0.streams.registry()], &[]).await?;
        let mut streams = Vec::new();
        for name in reply::list(names)? {
            let stream = StreamName::new(&reply::text(name)?)?;
            // It may have been noted by someone who did not come to make it.
            let keys = [self.0.handle(&stream).meta()];
            let state = self.0.link.read(&scripts::PEEK, &keys, &[Bytes::new()]).await?;
            let [state] = reply::exactly(state)?;
            if Meta::read(state)?.is_some() {
                streams.push(stream);
            }
        }
        streams.sort_unstable();
        Ok(streams)
    }

    async fn channels(
        &self,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        self.0.check_open()?;
        let (low, high) = range(selector);
        let mut from = match after {
            Some(after) if after.as_str() >= low.as_str() => format!("({after}"),
            _ => format!("[{low}"),
        };
        let to = format!("({high}");
        let mut list = Vec::new();
        while list.len() < limit {
            let step = self.list_step(stream, &from, &to).await?;
            let whole = step.len() < STEP;
            if let Some(last) = step.last() {
                from = format!("({}", last.name);
            }
            list.extend(step.into_iter().filter(|info| selector.matches_channel(info.name.as_str())));
            if whole {
                break;
            }
        }
        list.truncate(limit);
        Ok(list)
    }

    async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        let handle = self.0.handle(stream);
        let mut from = after.map_or("-".to_owned(), |after| format!("({after}"));
        let mut list = Vec::new();
        while list.len() < limit {
            let count = STEP.min(limit - list.len());
            let more = |place: &Place| {
                let args = vec![Bytes::from(from.clone()), Bytes::from(count.to_string())];
                (vec![place.cursor_names(), place.cursors()], args)
            };
            let mut answer = self.0.ask(&handle, &scripts::CURSORS, more).await?;
            let (names, places) = (reply::list(answer.next()?)?, reply::list(answer.next()?)?);
            let whole = names.len() < count;
            for (name, stored) in names.into_iter().zip(places) {
                let name = reply::text(name)?;
                from = format!("({name}");
                list.push(read_cursor(CursorName::new(&name)?, &reply::bytes(stored)?)?);
            }
            if whole {
                break;
            }
        }
        Ok(list)
    }

    async fn usage(&self, stream: &StreamName) -> Result<Usage> {
        let more = |place: &Place| (vec![place.channels(), place.cursor_names()], Vec::new());
        let mut answer = self.0.ask(&self.0.handle(stream), &scripts::COUNT, more).await?;
        Ok(Usage {
            bounds: answer.meta.bounds(),
            events: answer.meta.events,
            bytes: answer.meta.bytes,
            channels: reply::number(answer.next()?)?,
            cursors: reply::number(answer.next()?)?,
        })
    }

    async fn delete_channel(&self, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        self.0.check_open()?;
        Removal::new(&self.0, self.0.handle(stream)).delete_channel(channel).await
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.0.check_open()?;
        Removal::new(&self.0, self.0.handle(stream)).delete_stream().await
    }
}

impl RedisStorage {
    /// Describes the next channels by name.
    async fn list_step(&self, stream: &StreamName, from: &str, to: &str) -> Result<Vec<ChannelInfo>> {
        let more = |place: &Place| {
            let text = |text: &str| Bytes::from(text.to_owned());
            let args =
                vec![text(from), text(to), Bytes::from(STEP.to_string()), Bytes::from(place.channel_stem())];
            (vec![place.channels()], args)
        };
        let mut answer = self.0.ask(&self.0.handle(stream), &scripts::LIST, more).await?;
        reply::list(answer.next()?)?.into_iter().map(info).collect()
    }
}

fn info(value: Value) -> Result<ChannelInfo> {
    let [name, events, first, last] = reply::exactly(value)?;
    Ok(ChannelInfo {
        name: ChannelName::new(&reply::text(name)?)?,
        events: reply::number(events)?,
        first: reply::sequence(first)?,
        last: reply::sequence(last)?,
    })
}

/// The names that a selector of one scope can mean lie together; those of several are looked for everywhere.
fn range(selector: &Selector) -> (String, String) {
    let below = match selector.scopes() {
        [Scope::Subtree(top)] => top.as_str(),
        [Scope::Pattern(pattern)] => pattern.literal_prefix(),
        [Scope::Exact(name)] => return (name.to_string(), format!("{name}\0")),
        _ => "",
    };
    // The name itself comes first, and `0` is the character after the slash.
    (below.to_owned(), format!("{below}0"))
}
