//! Bringing the log's pages into the database, beside the commits rather than between them.
//!
//! A thread of its own does the long part, the copying and the syncing. The log begins again from its start only when nothing
//! is left to copy at the moment of a commit, so the writer then copies what came in meanwhile: that is little.

use crossbeam_channel::{Sender, bounded};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread::JoinHandle;

/// The log is brought in once it has so many pages: 4 MiB at first, up to 16 MiB where commits came faster than that.
///
/// Writing over what the file has already is much cheaper to sync than making it longer (a tenth, on ext4), so a log of one
/// publisher must begin again soon; one of many publishers gains from doing so less often.
const LEAST: i32 = 1024;
const MOST: i32 = 4096;

/// Decides when to bring the log in.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    /// How many pages the log had after the last commit.
    pages: Arc<AtomicI32>,
    /// The greatest length so far: that of the file.
    longest: i32,
    /// The length of the log at which it is brought in next.
    next: i32,
    running: bool,
    done: Arc<AtomicBool>,
    requests: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Has SQLite tell the length of the log after every commit of this connection.
    pub(crate) fn start(path: &Path, writer: &mut Connection) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicI32::new(0));
        let told = pages.clone();
        writer.wal_hook(Some(move |_: &mut _, length| {
            told.store(length, Ordering::Relaxed);
            Ok(())
        }))?;
        let done = Arc::new(AtomicBool::new(false));
        let (requests, asked) = bounded::<()>(1);
        let (database, finished) = (path.to_owned(), done.clone());
        let thread = std::thread::Builder::new().name("eventweir-sqlite-log".to_owned()).spawn(move || {
            let mut connection = None;
            while asked.recv().is_ok() {
                checkpoint_aside(&database, &mut connection);
                finished.store(true, Ordering::Release);
            }
        });
        if let Err(error) = &thread {
            tracing::warn!(%error, "no thread for checkpoints; commits wait for them");
        }
        let thread = thread.ok();
        Ok(Self { pages, longest: 0, next: LEAST, running: false, done, requests: Some(requests), thread })
    }

    /// Looks at the log after a transaction.
    pub(super) fn after_commit(&mut self, connection: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if self.running && self.done.swap(false, Ordering::Acquire) {
            self.running = false;
            checkpoint(connection, "passive");
            // Should a reader have kept the log from beginning again, it is tried again when it has grown as much.
            self.next = pages.saturating_add(LEAST);
        } else if !self.running && pages >= self.next {
            match &self.requests {
                Some(requests) if self.thread.is_some() => self.running = requests.try_send(()).is_ok(),
                _ => checkpoint(connection, "passive"),
            }
        } else if pages < self.longest {
            // It has begun again.
            self.next = (self.longest / 2).clamp(LEAST, MOST);
        }
        self.longest = self.longest.max(pages);
    }

    /// Ends the thread, brings the whole log in and closes the database.
    pub(super) fn finish(mut self, connection: Connection) {
        self.requests = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread for checkpoints ended early");
        }
        checkpoint(&connection, "truncate");
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "the database was not closed well");
        }
    }
}

fn checkpoint_aside(path: &Path, connection: &mut Option<Connection>) {
    if connection.is_none() {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match Connection::open_with_flags(path, flags) {
            Ok(opened) => *connection = Some(opened),
            Err(error) => return tracing::warn!(%error, "the log cannot be brought in"),
        }
    }
    if let Some(connection) = connection {
        checkpoint(connection, "passive");
    }
}

/// Failing is not fatal: the log stays longer, and the next time may do.
fn checkpoint(connection: &Connection, mode: &str) {
    let result = connection.query_row(&format!("pragma wal_checkpoint({mode})"), [], |_| Ok(()));
    if let Err(error) = result {
        tracing::warn!(%error, "the log could not be brought in");
    }
}
