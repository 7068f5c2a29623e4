//! Listing, counting and deleting.

use crate::reader;
use crate::storage::{Role, SqliteStorage};
use crate::writer::Command;
use eventweir::{
    Catalog, ChannelInfo, ChannelName, Cursor, CursorName, Result, Selector, StreamName, Usage, async_trait,
};

#[async_trait]
impl Catalog for SqliteStorage {
    async fn streams(&self) -> Result<Vec<StreamName>> {
        self.0.check_open()?;
        match self.0.role {
            Role::Writer(_) => Ok(self.0.streams.names()),
            Role::Reader(_) => self.0.readers.run(reader::stream_names).await,
        }
    }

    async fn channels(
        &self,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        let (selector, after) = (selector.clone(), after.cloned());
        self.0
            .look(stream, move |snapshot| reader::channels(snapshot, &selector, after.as_ref(), limit))
            .await
    }

    async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        let after = after.cloned();
        self.0.look(stream, move |snapshot| reader::cursors(snapshot, after.as_ref(), limit).map(Some)).await
    }

    async fn usage(&self, stream: &StreamName) -> Result<Usage> {
        self.0.look(stream, |snapshot| reader::usage(snapshot).map(Some)).await
    }

    async fn delete_channel(&self, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        let writer = self.0.writer()?;
        // What is published while the steps run stays.
        let (mut removed, mut upto) = (0, None);
        loop {
            let step = writer.ask((stream.clone(), channel.clone(), upto), Command::DeleteChannel).await?;
            removed += step.events;
            if !step.more {
                return Ok(removed);
            }
            upto.get_or_insert(step.bounds.head);
        }
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.0.writer()?.ask(stream.clone(), Command::DeleteStream).await
    }
}
