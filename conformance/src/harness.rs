//! What a driver's author implements.

use eventweir::{Error, ErrorKind, Result, Storage, clock::ManualClock};
use std::future::Future;

/// Makes the stores that the suite examines. Implement it with plain `async fn`s and call
/// [`storage_suite!`](crate::storage_suite).
///
/// The suite works in streams of its own, with names that nobody else has, and never removes anything else: a server that is
/// shared with others is a good place for it.
///
/// `fresh` and `reopen` are needed. Each of the others lets the suite look at something more; what it cannot look at, it skips
/// by name.
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

    /// Says where [`open`](Self::open) finds a store, also in another process: then the suite kills processes that write.
    /// `None` unless implemented.
    fn place(&self, guard: &Self::Guard) -> Option<String> {
        let _ = guard;
        None
    }

    /// Opens the store at a [`place`](Self::place), once more, or in another process.
    fn open(&self, place: &str) -> impl Future<Output = Result<Self::Storage>> + Send {
        let place = place.to_owned();
        async move {
            let message = format!("the harness names the place {place:?}, and does not implement `open`");
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }

    /// Opens a fresh store that is full after some megabytes: then the suite fills it. `None` unless implemented.
    fn small(&self) -> impl Future<Output = Result<Option<(Self::Storage, Self::Guard)>>> + Send {
        async { Ok(None) }
    }

    /// Opens a fresh store whose own time is a clock's: then the suite turns it by hours. `None` unless implemented.
    fn with_clock(
        &self,
        clock: ManualClock,
    ) -> impl Future<Output = Result<Option<(Self::Storage, Self::Guard)>>> + Send {
        drop(clock);
        async { Ok(None) }
    }
}
