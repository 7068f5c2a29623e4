//! What a driver's author implements.

use eventweir::{Result, Storage};
use std::future::Future;

/// Makes the stores that the suite examines. Implement it with plain `async fn`s and call
/// [`storage_suite!`](crate::storage_suite).
///
/// The suite works in streams of its own, with names that nobody else has, and never removes anything else: a server that is
/// shared with others is a good place for it.
pub trait Harness: Send + Sync + 'static {
    /// The driver.
    type Storage: Storage;
    /// What must live as long as a store: a directory, a container. Dropped when the property is done; `()` when nothing must.
    type Guard: Send + Sync;

    /// Opens a store that shares nothing with those opened before, or nothing but a server.
    fn fresh(&self) -> impl Future<Output = Result<(Self::Storage, Self::Guard)>> + Send;

    /// Ends a store as a restart would and opens it again. `None` says that it cannot be: a volatile driver.
    ///
    /// Close `old` or only drop it, whichever the driver must survive. It is not called for a driver that promises
    /// [`Durability::Volatile`](eventweir::Durability::Volatile).
    fn reopen(
        &self,
        old: Self::Storage,
        guard: &Self::Guard,
    ) -> impl Future<Output = Result<Option<Self::Storage>>> + Send;
}
