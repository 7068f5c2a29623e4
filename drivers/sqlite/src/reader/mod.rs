//! Reading: a few connections, each read in one snapshot, off the async threads.

mod catalog;
mod channels;
mod cursor;
mod follow;
mod merge;
mod page;
mod rows;
mod snapshot;

pub(crate) use catalog::{channels, cursors, stream_names, usage};
pub(crate) use channels::Known;
pub(crate) use cursor::ChannelCursor;
pub(crate) use follow::{follow, load_tail};
pub(crate) use page::{nothing_new, read};
pub(crate) use snapshot::Snapshot;

use crate::attended::attended;
use crate::error::closed;
use crate::file::open_reader;
use eventweir::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// Lends connections that read, as many at once as configured.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    path: Arc<PathBuf>,
    /// Nobody can write to the file.
    frozen: bool,
    count: u32,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, frozen: bool, count: usize) -> Self {
        let count = count.clamp(1, 256);
        Self {
            permits: Arc::new(Semaphore::new(count)),
            idle: Arc::default(),
            path: Arc::new(path),
            frozen,
            count: count as u32,
        }
    }

    /// Runs a read on a thread that may block. It runs to its end when the future is dropped meanwhile.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match self.permits.clone().try_acquire_owned() {
            Ok(permit) => self.clone().run_with(permit, read).await,
            Err(TryAcquireError::Closed) => Err(closed()),
            // The place in the queue is used up and given on by a task, should nobody poll this.
            Err(TryAcquireError::NoPermits) => {
                let this = self.clone();
                let queued = async move {
                    let permit = this.permits.clone().acquire_owned().await.map_err(|_| closed())?;
                    this.run_with(permit, read).await
                };
                attended(queued).await?
            }
        }
    }

    async fn run_with<T: Send + 'static>(
        self,
        permit: OwnedSemaphorePermit,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let task = tokio::task::spawn_blocking(move || {
            let result = self.with_connection(read);
            drop(permit);
            result
        });
        task.await
            .map_err(|error| Error::new(ErrorKind::Internal, "a read ended early").with_source(error))?
    }

    fn with_connection<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path, self.frozen)?,
        };
        let result = read(&connection);
        // One that met an error is not trusted again, nor one that is still inside a snapshot.
        if result.is_ok() && connection.is_autocommit() {
            self.idle.lock().push(connection);
        }
        result
    }

    /// Waits for the reads that run, and gives the connections back.
    pub(crate) async fn close(&self) {
        if let Ok(all) = self.permits.acquire_many(self.count).await {
            self.permits.close();
            drop(all);
        }
        self.idle.lock().clear();
    }
}
