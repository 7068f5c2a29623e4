//! The store: what each call asks of Redis.

use crate::codec::meta::Meta;
use crate::codec::{damaged, reply};
use crate::commit::{self, Plan, Tasks};
use crate::link::{Link, RedisConfig};
use crate::scripts;
use crate::streams::{Handle, Place, Streams};
use crate::{read, remove::Removal};
use bytes::Bytes;
use eventweir::{
    Bounds, Catalog, Commit, Cursor, CursorName, Durability, Epoch, Error, ErrorKind, JobStore, Page,
    Promises, ReadQuery, Receipt, Record, RecordKey, Result, Retention, Sequence, Storage, StreamName,
    Timestamp, Trimmed, Wakeup, async_trait,
};
use futures_core::stream::BoxStream;
use redis::{Script, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A stream that is deleted by others this often during one call gives up for now.
pub(crate) const ATTEMPTS: usize = 16;

/// Keeps streams in Redis. Clones share its connections.
#[derive(Clone, Debug)]
pub struct RedisStorage(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) link: Link,
    pub(crate) streams: Streams,
    pub(crate) tasks: Tasks,
    pub(crate) dedup_window: Duration,
    closed: AtomicBool,
}

impl RedisStorage {
    /// Connects to a store. Streams are made when they are used.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when only the operator can mend it: a wrong password, a missing permission, a server that is too old, or
    /// one that would evict events. [`Unavailable`](ErrorKind::Unavailable) when nobody answers.
    pub async fn open(config: RedisConfig) -> Result<Self> {
        let link = Link::open(&config).await?;
        Ok(Self(Arc::new(Inner {
            link,
            streams: Streams::new(&config.prefix),
            tasks: Tasks::default(),
            dedup_window: config.dedup_window,
            closed: AtomicBool::new(false),
        })))
    }

    /// Describes in one line what it is connected to: version, kind of deployment, and what decides its promises.
    pub fn deployment(&self) -> String {
        self.0.link.deployment()
    }

    /// Says what to change on this deployment so that it promises a durability; `None` when it does.
    pub fn falls_short(&self, required: Durability) -> Option<String> {
        self.0.link.falls_short(required)
    }
}

impl Inner {
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, "the Redis store is closed"));
        }
        Ok(())
    }

    /// Finds where a stream is, which exists from then on.
    pub(crate) async fn place(&self, handle: &Handle) -> Result<Arc<Place>> {
        if let Some(place) = handle.known() {
            return Ok(place);
        }
        // Listed before it exists and after: whoever deletes it at the same time takes it off the list once.
        self.register(handle, "SADD").await?;
        let args = [Bytes::from(Epoch::random().to_string()), Bytes::from(Epoch::random().to_string())];
        // Durable before its epoch is shown to anyone.
        let made = self.link.commit(&scripts::CREATE, &[handle.meta()], &args).await?;
        let meta = match made {
            Value::Array(_) => {
                Meta::read(made)?.ok_or_else(|| in_the_way("hash of something else", handle))?
            }
            other => return Err(in_the_way(&reply::text(other)?, handle)),
        };
        self.register(handle, "SADD").await?;
        handle.largest.store(meta.largest, Ordering::Relaxed);
        Ok(handle.learn(&meta.incarnation))
    }

    pub(crate) async fn register(&self, handle: &Handle, command: &'static str) -> Result<()> {
        let args = [Bytes::from(handle.name.to_string()), Bytes::from_static(command.as_bytes())];
        self.link.call(&scripts::REGISTER, &[self.streams.registry()], &args).await.map(drop)
    }

    /// Asks a reading script about a stream, which exists from then on. Its answer begins with the stream's state, and ends with
    /// it when it was not the incarnation meant. `more` gives keys behind the first and arguments behind the incarnation.
    pub(crate) async fn ask(
        &self,
        handle: &Handle,
        script: &Script,
        more: impl Fn(&Place) -> (Vec<Vec<u8>>, Vec<Bytes>),
    ) -> Result<Answer> {
        self.check_open()?;
        for _ in 0..ATTEMPTS {
            let place = self.place(handle).await?;
            let (mut keys, mut args) = more(&place);
            keys.insert(0, handle.meta());
            args.insert(0, Bytes::from(place.incarnation.clone()));
            let mut rest = reply::list(self.link.read(script, &keys, &args).await?)?.into_iter();
            let state = rest.next().ok_or_else(|| damaged("no answer"))?;
            if let Some(meta) = Self::present(handle, &place, state)? {
                return Ok(Answer { place, meta, rest });
            }
        }
        Err(deleted_again_and_again())
    }

    /// Looks at a stream's state.
    pub(crate) async fn meta(&self, handle: &Handle) -> Result<Meta> {
        Ok(self.ask(handle, &scripts::PEEK, |_| Default::default()).await?.meta)
    }

    /// Looks fields of one of a stream's hashes up.
    async fn fields(
        &self,
        stream: &StreamName,
        hash: fn(&Place) -> Vec<u8>,
        fields: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>> {
        let more = |place: &Place| (vec![hash(place)], fields.iter().cloned().map(Bytes::from).collect());
        let mut answer = self.ask(&self.handle(stream), &scripts::PEEK, more).await?;
        reply::list(answer.next()?)?.into_iter().map(reply::optional).collect()
    }

    /// Reads a stream's state. `None`, and forgotten, when it is not the incarnation that was asked for.
    pub(crate) fn present(handle: &Handle, place: &Place, state: Value) -> Result<Option<Meta>> {
        let meta = Meta::read(state)?.filter(|meta| meta.incarnation == place.incarnation);
        match &meta {
            Some(meta) => handle.largest.store(meta.largest, Ordering::Relaxed),
            None => handle.forget(place),
        }
        Ok(meta)
    }

    pub(crate) fn handle(&self, stream: &StreamName) -> Arc<Handle> {
        self.streams.handle(stream)
    }
}

/// What a reading script answered.
pub(crate) struct Answer {
    pub(crate) place: Arc<Place>,
    pub(crate) meta: Meta,
    rest: std::vec::IntoIter<Value>,
}

impl Answer {
    /// Takes what comes next.
    pub(crate) fn next(&mut self) -> Result<Value> {
        self.rest.next().ok_or_else(|| damaged("an answer that is too short"))
    }
}

pub(crate) fn deleted_again_and_again() -> Error {
    Error::new(ErrorKind::Unavailable, "the stream is deleted again and again")
}

fn in_the_way(kind: &str, handle: &Handle) -> Error {
    let key = String::from_utf8_lossy(&handle.meta()).into_owned();
    Error::new(
        ErrorKind::Corrupt,
        format!("a {kind} stands at the key {key:?}, where a stream should be; it was left as it is"),
    )
}

#[async_trait]
impl Storage for RedisStorage {
    fn promises(&self) -> Promises {
        self.0.link.promises()
    }

    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.0.check_open()?;
        let refusal = commit::local_refusal(commit);
        let plan = match (&refusal, &commit.id) {
            (Ok(()), _) => Plan::new(commit),
            // A known commit returns its receipt, whatever else is wrong with it.
            (Err(_), Some(_)) => Plan::id_only(commit),
            (Err(_), None) => return Err(refusal.err().unwrap_or_else(|| damaged("nothing"))),
        };
        let answer = commit::submit(&self.0, &self.0.handle(stream), plan).await?;
        match refusal {
            Err(refusal) if answer == b"i" => Err(refusal),
            _ => commit::receipt(commit, &answer),
        }
    }

    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        read::page(&self.0, &self.0.handle(stream), query).await
    }

    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        Ok(self.0.meta(&self.0.handle(stream)).await?.bounds())
    }

    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        let found = self.0.fields(stream, Place::cursors, &[name.to_string()]).await?;
        let stored = found.into_iter().next().flatten();
        stored.map(|stored| read_cursor(name.clone(), &stored)).transpose()
    }

    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        let fields = [format!("v{key}"), format!("d{key}")];
        match <[_; 2]>::try_from(self.0.fields(stream, Place::records, &fields).await?) {
            Ok([Some(version), Some(value)]) => {
                Ok(Some(Record { version: reply::parse(&version)?, value: value.into() }))
            }
            Ok([None, None]) => Ok(None),
            _ => Err(damaged("a record")),
        }
    }

    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.0.check_open()?;
        Removal::new(&self.0, self.0.handle(stream)).trim(retention, now).await
    }

    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.0.link.wakeups(self.0.handle(stream).wake())
    }

    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }

    fn catalog(&self) -> Option<&dyn Catalog> {
        Some(self)
    }

    async fn close(&self) -> Result<()> {
        self.0.closed.store(true, Ordering::Release);
        self.0.tasks.finished().await;
        self.0.link.close().await;
        Ok(())
    }
}

/// Reads `SEQUENCE MOVED`.
pub(crate) fn read_cursor(name: CursorName, stored: &[u8]) -> Result<Cursor> {
    let mut fields = stored.split(|byte| *byte == b' ');
    let sequence: Sequence = reply::parse(fields.next().unwrap_or_default())?;
    let moved = Timestamp::from_millis(reply::parse(fields.next().unwrap_or_default())?);
    Ok(Cursor { name, sequence, moved })
}
