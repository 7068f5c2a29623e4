//! Layers: wrappers around a storage.

mod retry;
mod timeout;
mod trace;

pub use retry::RetryLayer;
pub use timeout::TimeoutLayer;
pub use trace::TraceLayer;

use crate::Storage;
use std::fmt::Debug;
use std::sync::Arc;

/// Wraps a storage in another. Closures are layers too.
///
/// Layers added later are outside: in `.layer(TimeoutLayer::default()).layer(RetryLayer::default())` each try has its own
/// timeout. The other way round one timeout would end all tries together.
pub trait StorageLayer {
    /// Wraps the storage.
    fn wrap(&self, inner: Arc<dyn Storage>) -> Arc<dyn Storage>;
}

impl<F: Fn(Arc<dyn Storage>) -> Arc<dyn Storage>> StorageLayer for F {
    fn wrap(&self, inner: Arc<dyn Storage>) -> Arc<dyn Storage> {
        self(inner)
    }
}

/// Names the calls of a storage that a layer treats alike, with the word for logs and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Commit,
    Read,
    Bounds,
    Cursor,
    Record,
    Trim,
    List,
    Delete,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::Commit => "storage.commit",
            Self::Read => "storage.read",
            Self::Bounds => "storage.bounds",
            Self::Cursor => "storage.cursor",
            Self::Record => "storage.record",
            Self::Trim => "storage.trim",
            Self::List => "catalog.list",
            Self::Delete => "catalog.delete",
        }
    }

    /// Whether a call that was cut off may have changed something.
    fn changes(self) -> bool {
        matches!(self, Self::Commit | Self::Trim | Self::Delete)
    }
}

/// Implements `Storage` and `Catalog` for a wrapper that has `inner: Arc<dyn Storage>` and sends every call through
/// `async fn through<T, F>(&self, call: Call, repeatable: bool, run: impl Fn() -> F) -> Result<T>`.
macro_rules! storage_through {
    ($wrapper:ty) => {
        #[crate::async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl crate::Storage for $wrapper {
            fn promises(&self) -> crate::Promises {
                self.inner.promises()
            }
            async fn commit(
                &self,
                stream: &crate::StreamName,
                commit: &crate::Commit,
            ) -> crate::Result<crate::Receipt> {
                // Events are protected by their ids; anything else only by the commit's.
                let repeatable = commit.id.is_some() || !commit.needs_id();
                self.through(Call::Commit, repeatable, || self.inner.commit(stream, commit)).await
            }
            async fn read(
                &self,
                stream: &crate::StreamName,
                query: &crate::ReadQuery,
            ) -> crate::Result<crate::Page> {
                self.through(Call::Read, true, || self.inner.read(stream, query)).await
            }
            async fn bounds(&self, stream: &crate::StreamName) -> crate::Result<crate::Bounds> {
                self.through(Call::Bounds, true, || self.inner.bounds(stream)).await
            }
            async fn cursor(
                &self,
                stream: &crate::StreamName,
                name: &crate::CursorName,
            ) -> crate::Result<Option<crate::Cursor>> {
                self.through(Call::Cursor, true, || self.inner.cursor(stream, name)).await
            }
            async fn record(
                &self,
                stream: &crate::StreamName,
                key: &crate::RecordKey,
            ) -> crate::Result<Option<crate::Record>> {
                self.through(Call::Record, true, || self.inner.record(stream, key)).await
            }
            async fn trim(
                &self,
                stream: &crate::StreamName,
                retention: &crate::Retention,
                now: crate::Timestamp,
            ) -> crate::Result<crate::Trimmed> {
                self.through(Call::Trim, true, || self.inner.trim(stream, retention, now)).await
            }
            fn wakeups(
                &self,
                stream: &crate::StreamName,
            ) -> futures_core::stream::BoxStream<'static, crate::Wakeup> {
                self.inner.wakeups(stream)
            }
            fn jobs(&self) -> Option<&dyn crate::JobStore> {
                self.inner.jobs()
            }
            fn catalog(&self) -> Option<&dyn crate::Catalog> {
                self.inner.catalog().map(|_| self as &dyn crate::Catalog)
            }
            async fn close(&self) -> crate::Result<()> {
                self.inner.close().await
            }
        }

        #[crate::async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl crate::Catalog for $wrapper {
            async fn streams(&self) -> crate::Result<Vec<crate::StreamName>> {
                let catalog = crate::catalog::required(&*self.inner)?;
                self.through(Call::List, true, || catalog.streams()).await
            }
            async fn channels(
                &self,
                stream: &crate::StreamName,
                selector: &crate::Selector,
                after: Option<&crate::ChannelName>,
                limit: usize,
            ) -> crate::Result<Vec<crate::ChannelInfo>> {
                let catalog = crate::catalog::required(&*self.inner)?;
                self.through(Call::List, true, || catalog.channels(stream, selector, after, limit)).await
            }
            async fn cursors(
                &self,
                stream: &crate::StreamName,
                after: Option<&crate::CursorName>,
                limit: usize,
            ) -> crate::Result<Vec<crate::Cursor>> {
                let catalog = crate::catalog::required(&*self.inner)?;
                self.through(Call::List, true, || catalog.cursors(stream, after, limit)).await
            }
            async fn usage(&self, stream: &crate::StreamName) -> crate::Result<crate::Usage> {
                let catalog = crate::catalog::required(&*self.inner)?;
                self.through(Call::List, true, || catalog.usage(stream)).await
            }
            async fn delete_channel(
                &self,
                stream: &crate::StreamName,
                channel: &crate::ChannelName,
            ) -> crate::Result<u64> {
                let catalog = crate::catalog::required(&*self.inner)?;
                self.through(Call::Delete, false, || catalog.delete_channel(stream, channel)).await
            }
            async fn delete_stream(&self, stream: &crate::StreamName) -> crate::Result<()> {
                let catalog = crate::catalog::required(&*self.inner)?;
                self.through(Call::Delete, false, || catalog.delete_stream(stream)).await
            }
        }
    };
}
use storage_through;
