//! Removing events: retention, deletion, and what is left of a deleted stream.
//!
//! A removal looks first, without writing, and then removes exactly what it has seen, or looks again. So every key that it
//! writes to is named in its call, and a cluster that moves the stream refuses the whole of it.

use crate::codec::meta::Meta;
use crate::codec::pack::Pack;
use crate::codec::{head, reply};
use crate::scripts;
use crate::storage::Inner;
use crate::streams::{Handle, Place};
use bytes::Bytes;
use eventweir::{
    ChannelName, Epoch, Error, ErrorKind, Event, Result, Retention, Sequence, Timestamp, Trimmed,
};
use redis::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One step removes at most this many events, so that no writer waits for it for long.
const STEP: usize = 500;
/// A trim removes at most this many events.
const TRIM: u64 = 10_000;
/// A step forgets at most this many ids, and a trim takes at most so many steps.
const FADE: usize = 2000;
const FADE_STEPS: usize = 20;
/// Others that remove at the same time are overtaken at last.
const RACES: usize = 1000;

/// Removes what is to go from a stream.
pub(crate) struct Removal<'a> {
    inner: &'a Inner,
    handle: Arc<Handle>,
}

/// What a look has found: the oldest events, without their data.
struct Looked {
    place: Arc<Place>,
    meta: Meta,
    events: Vec<Old>,
}

struct Old {
    event: Event,
    size: u64,
}

/// What goes of a channel: its oldest events.
#[derive(Clone, Copy, Default)]
struct Part {
    last: Sequence,
    count: u64,
}

/// Which events go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Retention,
    Deletion,
}

impl<'a> Removal<'a> {
    pub(crate) fn new(inner: &'a Inner, handle: Arc<Handle>) -> Self {
        Self { inner, handle }
    }

    /// Removes the oldest events until the retention holds, and forgets ids whose window is over.
    pub(crate) async fn trim(&self, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        let cutoff = retention.cutoff(now);
        let mut meta = self.inner.meta(&self.handle).await?;
        let (mut removed, mut more, mut races) = (0, !retention.is_forever(), 0);
        while more && removed < TRIM {
            let looked = self.look(None, Sequence::MAX).await?;
            let expired = looked.expired(retention, cutoff);
            more = expired.len() == looked.events.len() && !expired.is_empty();
            if expired.is_empty() {
                meta = looked.meta;
                break;
            }
            let count = expired.len() as u64;
            match self.remove(&looked, expired, Reason::Retention).await? {
                Some(after) => {
                    removed += count;
                    meta = after;
                }
                None => {
                    races += 1;
                    more = true;
                }
            }
            if races == RACES {
                return Err(Error::new(ErrorKind::Unavailable, "others remove events all the time"));
            }
        }
        let fading = self.fade().await?;
        self.sweep().await?;
        // So that a list of streams that a failover lost is whole again.
        self.inner.register(&self.handle, "SADD").await?;
        Ok(Trimmed { events: removed, bounds: meta.bounds(), more: more || fading })
    }

    /// Removes every event that a channel has now.
    pub(crate) async fn delete_channel(&self, channel: &ChannelName) -> Result<u64> {
        let meta = self.inner.meta(&self.handle).await?;
        let mut removed = 0;
        loop {
            // What is published while the steps run stays.
            let looked = self.look(Some(channel), meta.head).await?;
            if looked.events.is_empty() || looked.meta.incarnation != meta.incarnation {
                return Ok(removed);
            }
            let count = looked.events.len() as u64;
            if self.remove(&looked, &looked.events, Reason::Deletion).await?.is_some() {
                removed += count;
            }
        }
    }

    async fn look(&self, channel: Option<&ChannelName>, until: Sequence) -> Result<Looked> {
        let more = |place: &Place| {
            let mut keys = vec![place.log()];
            keys.extend(channel.map(|name| place.channel(name)));
            (keys, vec![Bytes::from(until.to_string()), Bytes::from(STEP.to_string())])
        };
        let mut answer = self.inner.ask(&self.handle, &scripts::LOOK, more).await?;
        let events = reply::list(answer.next()?)?.into_iter().map(Old::read).collect::<Result<_>>()?;
        Ok(Looked { place: answer.place, meta: answer.meta, events })
    }

    /// Removes what was looked at. `None` when something else was removed in the meantime.
    async fn remove(&self, looked: &Looked, gone: &[Old], reason: Reason) -> Result<Option<Meta>> {
        let place = &looked.place;
        let mut channels: BTreeMap<&ChannelName, Part> = BTreeMap::new();
        for old in gone {
            let part = channels.entry(&old.event.channel).or_default();
            part.last = old.event.sequence;
            part.count += 1;
        }
        let mut keys =
            vec![self.handle.meta(), place.log(), place.channels(), place.removed(), place.fading()];
        keys.extend(channels.keys().map(|name| place.channel(name)));
        let args = [
            Bytes::from(place.incarnation.clone()),
            Bytes::from(looked.meta.removals.to_string()),
            Bytes::from_static(self.inner.link.publishes().as_bytes()),
            Bytes::from(self.handle.wake()),
            Bytes::from(Epoch::random().to_string()),
            Bytes::from(plan(gone, &channels, reason)),
        ];
        let answer = self.inner.link.call(&scripts::REMOVE, &keys, &args).await?;
        match answer {
            Value::Array(_) => Inner::present(&self.handle, place, answer),
            // Deleted, or removed by someone else: look again.
            _ => Ok(None),
        }
    }

    /// Forgets ids whose window is over. Returns whether there are more.
    async fn fade(&self) -> Result<bool> {
        let place = self.inner.place(&self.handle).await?;
        let keys = [self.handle.meta(), place.fading(), place.ids(), place.committed(), place.commits()];
        let args = [
            Bytes::from(place.incarnation.clone()),
            Bytes::from(self.inner.dedup_window.as_millis().to_string()),
            Bytes::from(FADE.to_string()),
        ];
        for _ in 0..FADE_STEPS {
            if reply::number(self.inner.link.call(&scripts::FADE, &keys, &args).await?)? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Deletes the stream, and removes its keys.
    pub(crate) async fn delete_stream(&self) -> Result<()> {
        let place = self.inner.place(&self.handle).await?;
        let args = [
            Bytes::from(place.incarnation.clone()),
            Bytes::from_static(self.inner.link.publishes().as_bytes()),
            Bytes::from(self.handle.wake()),
        ];
        self.inner.link.call(&scripts::DELETE, &[self.handle.meta(), self.handle.deleted()], &args).await?;
        self.handle.forget(&place);
        self.inner.register(&self.handle, "SREM").await?;
        // Somebody may have made it again before it was taken off the list.
        let state = self.inner.link.read(&scripts::PEEK, &[self.handle.meta()], &[Bytes::new()]).await?;
        let [state] = reply::exactly(state)?;
        if Meta::read(state)?.is_some() {
            self.inner.register(&self.handle, "SADD").await?;
        }
        self.sweep().await
    }

    /// Removes the keys of deleted incarnations, some at a time; those, too, that somebody began and did not finish.
    async fn sweep(&self) -> Result<()> {
        let deleted = self.handle.deleted();
        let gone = self.inner.link.read(&scripts::LEFTOVERS, std::slice::from_ref(&deleted), &[]).await?;
        for incarnation in reply::list(gone)? {
            let incarnation = reply::text(incarnation)?;
            let place = self.handle.place_of(&incarnation);
            let listed = [deleted.clone(), place.channels()];
            loop {
                let names = reply::list(self.inner.link.read(&scripts::LEFTOVERS, &listed, &[]).await?)?;
                if names.is_empty() {
                    break;
                }
                let names = names.into_iter().map(reply::bytes).collect::<Result<Vec<_>>>()?;
                let stem = place.channel_stem();
                let keys = listed.iter().cloned().chain(names.iter().map(|name| [&stem[..], name].concat()));
                let args: Vec<Bytes> = names.iter().cloned().map(Bytes::from).collect();
                self.inner.link.call(&scripts::SWEEP, &keys.collect::<Vec<_>>(), &args).await?;
            }
            let keys = [listed.to_vec(), place.rest()].concat();
            let args = [Bytes::from_static(b"*"), Bytes::from(incarnation)];
            self.inner.link.call(&scripts::SWEEP, &keys, &args).await?;
        }
        Ok(())
    }
}

impl Looked {
    /// The oldest events, as far as they are beyond the retention.
    fn expired(&self, retention: &Retention, cutoff: Option<Timestamp>) -> &[Old] {
        let (mut events, mut bytes) = (self.meta.events, self.meta.bytes);
        let mut count = 0;
        for old in &self.events {
            let beyond = retention.max_events.is_some_and(|most| events > most)
                || retention.max_bytes.is_some_and(|most| bytes > most)
                || cutoff.is_some_and(|cutoff| old.event.time < cutoff);
            if !beyond {
                break;
            }
            events -= 1;
            bytes = bytes.saturating_sub(old.size);
            count += 1;
        }
        &self.events[..count]
    }
}

impl Old {
    /// Reads a sequence, the attributes, and the length of the data.
    fn read(value: Value) -> Result<Self> {
        let [sequence, attributes, length] = reply::exactly(value)?;
        let event = head::read(reply::sequence(sequence)?, &reply::bytes(attributes)?, Bytes::new())?;
        let size = reply::number(length)? + event.headers.bytes() as u64;
        Ok(Self { event, size })
    }
}

/// What the script has to know: it does not look at the events again.
fn plan(gone: &[Old], channels: &BTreeMap<&ChannelName, Part>, reason: Reason) -> Vec<u8> {
    let last = gone.iter().map(|old| old.event.sequence).max().unwrap_or_default();
    let mut pack = Pack::new();
    pack.array(8).number(gone.len() as u64).number(gone.iter().map(|old| old.size).sum()).exact(last.get());
    pack.list(channels.len(), channels.keys(), |pack, name| {
        pack.text(name.as_str());
    });
    pack.list(channels.len(), channels.values(), |pack, part| {
        pack.exact(part.last.get());
    });
    pack.list(channels.len(), channels.values(), |pack, part| {
        pack.number(part.count);
    });
    pack.list(gone.len(), gone, |pack, old| {
        pack.bytes(&head::id_field(&old.event.id));
    });
    let deleted = if reason == Reason::Deletion { gone } else { &[] };
    pack.list(deleted.len(), deleted, |pack, old| {
        pack.text(&format!("{}-0", old.event.sequence));
    });
    pack.finish()
}
