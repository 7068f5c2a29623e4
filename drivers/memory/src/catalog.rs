//! Listing, counting and deleting.

use crate::{MemoryStorage, closed};
use eventweir::{
    Catalog, ChannelInfo, ChannelName, Cursor, CursorName, Result, Selector, StreamName, Usage, async_trait,
};
use std::ops::Bound::{Excluded, Unbounded};

#[async_trait]
impl Catalog for MemoryStorage {
    async fn streams(&self) -> Result<Vec<StreamName>> {
        let streams = self.0.streams.lock();
        let mut names: Vec<_> = streams.as_ref().ok_or_else(closed)?.keys().cloned().collect();
        names.sort_unstable();
        Ok(names)
    }

    async fn channels(
        &self,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        self.on(stream, |log| {
            let from = after.map_or(Unbounded, Excluded);
            let meant =
                log.channels.range::<ChannelName, _>((from, Unbounded)).filter_map(|(name, channel)| {
                    let (first, last) = (*channel.retained.front()?, *channel.retained.back()?);
                    let info = || ChannelInfo {
                        name: name.clone(),
                        events: channel.retained.len() as u64,
                        first,
                        last,
                    };
                    selector.matches_channel(name.as_str()).then(info)
                });
            Ok(meant.take(limit).collect())
        })
    }

    async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        self.on(stream, |log| {
            let from = after.map_or(Unbounded, Excluded);
            Ok(log
                .cursors
                .range::<CursorName, _>((from, Unbounded))
                .map(|(_, c)| c.clone())
                .take(limit)
                .collect())
        })
    }

    async fn usage(&self, stream: &StreamName) -> Result<Usage> {
        self.on(stream, |log| {
            Ok(Usage {
                bounds: log.bounds(),
                events: log.events.len() as u64,
                bytes: log.bytes(),
                channels: log.channels.values().filter(|channel| !channel.retained.is_empty()).count() as u64,
                cursors: log.cursors.len() as u64,
            })
        })
    }

    async fn delete_channel(&self, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        let now = self.0.clock.now();
        self.on(stream, |log| Ok(log.delete_channel(channel, now)))
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        let mut streams = self.0.streams.lock();
        if let Some(log) = streams.as_mut().ok_or_else(closed)?.remove(stream) {
            self.0.room.changed(log.weight(), 0);
        }
        Ok(())
    }
}
