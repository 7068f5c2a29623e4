//! The store: what a call does before it reaches a thread that may block.

use crate::config::{SqliteConfig, Synchronous};
use crate::error::{Work, closed};
use crate::reader::{self, Readers, Snapshot};
use crate::streams::{StreamView, Streams};
use crate::writer::{Command, STEP, Writer};
use eventweir::{
    Bounds, Catalog, Commit, Cursor, CursorName, Dedup, Durability, Error, ErrorKind, JobStore, Page,
    Promises, ReadQuery, Receipt, Record, RecordKey, Result, Retention, Sequence, Storage, StreamName,
    Timestamp, Trimmed, Wakeup, WakeupHub, WakeupReach, Writers, async_trait,
};
use futures_core::stream::BoxStream;
use rusqlite::{OptionalExtension, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A trim removes at most this many events.
const TRIM: u64 = 10_000;
/// A trim forgets ids in at most this many steps.
const FADE_STEPS: usize = 10;
/// A read that the writer overtakes this often gives up for now.
const ATTEMPTS: usize = 16;

/// Keeps streams in a SQLite file. Clones share it.
#[derive(Clone, Debug)]
pub struct SqliteStorage(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: SqliteConfig,
    pub(crate) streams: Arc<Streams>,
    pub(crate) readers: Readers,
    pub(crate) wakeups: Arc<WakeupHub>,
    pub(crate) role: Role,
    pub(crate) closed: AtomicBool,
}

/// What this opening of the file may do.
#[derive(Debug)]
pub(crate) enum Role {
    /// It alone writes.
    Writer(Writer),
    /// It reads; why it cannot write.
    Reader(String),
}

impl SqliteStorage {
    /// Opens a store, and creates it when there is none.
    ///
    /// When another process has it open for writing, or it cannot be written, it is opened for reading only: commits then
    /// answer [`ReadOnly`](ErrorKind::ReadOnly).
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt) when the file is none of this driver's, or only a part of one; it is left as it is.
    /// [`Unsupported`](ErrorKind::Unsupported) when a newer version made it. [`Config`](ErrorKind::Config) when the path
    /// cannot be used; [`StorageFull`](ErrorKind::StorageFull), [`Unavailable`](ErrorKind::Unavailable).
    pub async fn open(config: SqliteConfig) -> Result<Self> {
        let opening = tokio::task::spawn_blocking(move || crate::open::open(config));
        let inner = opening
            .await
            .map_err(|error| Error::new(ErrorKind::Internal, "opening was cut off").with_source(error))??;
        Ok(Self(Arc::new(inner)))
    }

    /// Returns whether this opening may write: `false` while another process does, or when the file cannot be written.
    pub fn is_writer(&self) -> bool {
        matches!(self.0.role, Role::Writer(_))
    }
}

impl Inner {
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    pub(crate) fn writer(&self) -> Result<&Writer> {
        self.check_open()?;
        match &self.role {
            Role::Writer(writer) => Ok(writer),
            Role::Reader(why) => Err(Error::new(ErrorKind::ReadOnly, why.clone())),
        }
    }

    /// Returns a stream, which exists from then on.
    async fn view(&self, stream: &StreamName) -> Result<Arc<StreamView>> {
        self.check_open()?;
        match self.streams.find(stream) {
            Some(view) => Ok(view),
            None => self.writer()?.ask(stream.clone(), Command::Ensure).await,
        }
    }

    /// Reads in a snapshot of a stream, which exists from then on. `None` from `read` means to begin again.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        stream: &StreamName,
        read: impl Fn(&Snapshot<'_>) -> Result<Option<T>> + Send + Sync + 'static,
    ) -> Result<T> {
        self.check_open()?;
        let read = Arc::new(read);
        for _ in 0..ATTEMPTS {
            let writes = match &self.role {
                Role::Writer(_) => {
                    self.view(stream).await?;
                    true
                }
                Role::Reader(_) => false,
            };
            let (streams, name, read) = (self.streams.clone(), stream.clone(), read.clone());
            let found = self.readers.run(move |connection| {
                let begin = if writes { Snapshot::begin } else { reader::follow };
                let Some(snapshot) = begin(connection, &streams, &name)? else { return Ok(None) };
                let result = read(&snapshot);
                snapshot.end()?;
                Ok(Some(result?))
            });
            match found.await? {
                Some(Some(found)) => return Ok(found),
                None if !writes => {
                    let why = format!("the stream {stream} does not exist, and this process cannot make it");
                    return Err(Error::new(ErrorKind::ReadOnly, why));
                }
                _ => {}
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the writer was faster than this read, again and again"))
    }

    /// Returns what a step's stream holds, once steps have removed all that is to go.
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        let writer = self.writer()?;
        let mut trimmed = Trimmed { events: 0, bounds: self.view(stream).await?.bounds(), more: true };
        while trimmed.more && trimmed.events < TRIM {
            let most = STEP.min((TRIM - trimmed.events) as usize);
            let step = writer.ask((stream.clone(), *retention, now, most), Command::Trim).await?;
            trimmed.events += step.events;
            (trimmed.bounds, trimmed.more) = (step.bounds, step.more);
        }
        let mut fading = true;
        for _ in 0..FADE_STEPS {
            if fading {
                let step = writer.ask(stream.clone(), Command::Fade).await?;
                (trimmed.bounds, fading) = (step.bounds, step.more);
            }
        }
        trimmed.more |= fading;
        Ok(trimmed)
    }
}

#[async_trait]
impl Storage for SqliteStorage {
    fn promises(&self) -> Promises {
        let durability = match self.0.config.synchronous {
            Synchronous::Full => Durability::Disk,
            Synchronous::Normal => Durability::Process,
        };
        Promises::new(durability, Dedup::Window(self.0.config.dedup_window))
            .with_wakeup(if self.is_writer() { WakeupReach::Process } else { WakeupReach::None })
            .with_writers(Writers::One)
    }

    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.0.writer()?.commit(stream, commit).await
    }

    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        if self.is_writer()
            && let Some(page) = reader::nothing_new(&*self.0.view(stream).await?, query)
        {
            return Ok(page);
        }
        let query = query.clone();
        self.0.look(stream, move |snapshot| reader::read(snapshot, &query)).await
    }

    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        if self.is_writer() {
            return Ok(self.0.view(stream).await?.bounds());
        }
        self.0.look(stream, |snapshot| Ok(Some(snapshot.row.bounds()))).await
    }

    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        let name = name.clone();
        let found = self.0.look(stream, move |snapshot| {
            snapshot
                .connection
                .prepare_cached("select seq, moved from cursors where stream = ? and name = ?")
                .work()?
                .query_row(params![snapshot.row.id, name.as_str()], |row| {
                    Ok(Some(Cursor {
                        name: name.clone(),
                        sequence: Sequence::from_i64(row.get(0)?),
                        moved: Timestamp::from_millis(row.get(1)?),
                    }))
                })
                .optional()
                .map(|found| Some(found.flatten()))
                .work()
        });
        found.await
    }

    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        let key = key.clone();
        let found = self.0.look(stream, move |snapshot| {
            snapshot
                .connection
                .prepare_cached("select version, value from records where stream = ? and key = ?")
                .work()?
                .query_row(params![snapshot.row.id, key.as_str()], |row| {
                    let value: Vec<u8> = row.get(1)?;
                    Ok(Record { version: row.get::<_, i64>(0)?.unsigned_abs(), value: value.into() })
                })
                .optional()
                .map(Some)
                .work()
        });
        found.await
    }

    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.0.trim(stream, retention, now).await
    }

    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        match &self.0.role {
            Role::Writer(_) => self.0.wakeups.follow(stream),
            // Another process writes; its readers poll.
            Role::Reader(_) => Box::pin(futures_util::stream::pending()),
        }
    }

    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }

    fn catalog(&self) -> Option<&dyn Catalog> {
        Some(self)
    }

    async fn close(&self) -> Result<()> {
        self.0.closed.store(true, Ordering::Release);
        self.0.readers.close().await;
        self.0.wakeups.close();
        match &self.0.role {
            Role::Writer(writer) => writer.close().await,
            Role::Reader(_) => Ok(()),
        }
    }
}
