//! What Redis can do at best: scripts over one multiplexed connection, as a limit to be compared with.

use super::{Redis, scripts};
use crate::bench::data;
use crate::bench::embedded::Publisher;
use crate::bench::latency::Latency;
use crate::bench::machine::OrFail;
use crate::failure::{Failure, Result};
use bytes::Bytes;
use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSubSink, PubSubStream};
use redis::{Script, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const REFUSED: &str = "Redis refused a bare call";
const PAGE: usize = 100;

/// Publishes one event a call.
pub(in crate::bench) struct OneByOne {
    connection: MultiplexedConnection,
    script: Script,
    log: String,
    last: String,
    ids: String,
    data: Bytes,
    next: AtomicU64,
}

impl OneByOne {
    pub(in crate::bench) async fn new(redis: &Redis, data: Bytes) -> Result<Self> {
        Ok(Self {
            connection: redis.connect().await?,
            script: scripts::one(),
            log: redis.key("log"),
            last: redis.key("last"),
            ids: redis.key("id"),
            data,
            next: AtomicU64::new(0),
        })
    }
}

impl Publisher for OneByOne {
    async fn publish(&self) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = [self.ids.as_bytes(), &data::event_id(number)].concat();
        let mut call = self.script.prepare_invoke();
        call.key(&self.log).key(&self.last).key(id);
        call.arg(channel(number)).arg(&self.data[..]);
        let answer = call.invoke_async(&mut self.connection.clone()).await;
        let (_, known): (u64, u8) = answer.or_fail(REFUSED)?;
        if known != 0 {
            return Err(Failure::failed("an id was used twice"));
        }
        Ok(())
    }
}

/// Publishes several events a call.
pub(in crate::bench) struct Batches {
    connection: MultiplexedConnection,
    script: Script,
    log: String,
    last: String,
    ids: String,
    data: Bytes,
    batch: u64,
    next: AtomicU64,
}

impl Batches {
    pub(in crate::bench) async fn new(redis: &Redis, data: Bytes, batch: u64) -> Result<Self> {
        Ok(Self {
            connection: redis.connect().await?,
            script: scripts::many(),
            log: redis.key("log"),
            last: redis.key("last"),
            ids: redis.key("id"),
            data,
            batch,
            next: AtomicU64::new(0),
        })
    }
}

impl Publisher for Batches {
    async fn publish(&self) -> Result<()> {
        let first = self.next.fetch_add(self.batch, Ordering::Relaxed);
        let mut call = self.script.prepare_invoke();
        call.key(&self.log).key(&self.last).arg(&self.ids);
        for number in first..first + self.batch {
            call.arg(channel(number)).arg(&data::event_id(number)).arg(&self.data[..]);
        }
        let sequences: Vec<u64> = call.invoke_async(&mut self.connection.clone()).await.or_fail(REFUSED)?;
        if sequences.len() as u64 != self.batch {
            return Err(Failure::failed("not every event has a sequence"));
        }
        Ok(())
    }
}

fn channel(number: u64) -> String {
    format!("/bench/{}", data::channel_of(number))
}

impl Redis {
    /// Fills the bare log with `events` events, whose sequences count from 1.
    pub(in crate::bench) async fn fill_bare(&self, events: u64, data: &Bytes) -> Result<()> {
        let mut connection = self.connect().await?;
        for first in (1..=events).step_by(1000) {
            let mut pipeline = redis::pipe();
            for number in first..(first + 1000).min(events + 1) {
                let add = pipeline.cmd("XADD").arg(self.key("log")).arg(format!("{number}-0"));
                add.arg("c").arg(channel(number)).arg("d").arg(&data[..]).ignore();
            }
            pipeline.exec_async(&mut connection).await.or_fail(REFUSED)?;
        }
        Ok(())
    }

    /// Reads pages one by one for a time, each from behind what `after` says.
    pub(in crate::bench) async fn read_bare(
        &self,
        time: Duration,
        after: impl Fn(u64) -> u64,
    ) -> Result<Latency> {
        let (mut connection, log) = (self.connect().await?, self.key("log"));
        let (mut latency, begin) = (Latency::new()?, Instant::now());
        while begin.elapsed() < time {
            let after = format!("{}-0", after(latency.count()));
            let asked = Instant::now();
            let page = read(&mut connection, &log, &after).await?;
            latency.record(asked.elapsed());
            if entries(&page).map(<[Value]>::len) != Some(PAGE) {
                return Err(Failure::failed("a bare page is not full"));
            }
        }
        Ok(latency)
    }
}

async fn read(connection: &mut MultiplexedConnection, log: &str, after: &str) -> Result<Value> {
    let mut read = redis::cmd("XREAD");
    read.arg("COUNT").arg(PAGE).arg("STREAMS").arg(log).arg(after);
    read.query_async(connection).await.or_fail(REFUSED)
}

/// Takes the entries out of what XREAD answers: for each stream its name and its entries.
fn entries(answer: &Value) -> Option<&[Value]> {
    let Value::Array(streams) = answer else { return None };
    let Some(Value::Array(stream)) = streams.first() else { return None };
    match stream.get(1) {
        Some(Value::Array(entries)) => Some(entries),
        _ => None,
    }
}

/// Appends events and tells of them; whoever is told reads them.
pub(in crate::bench) struct Relay {
    publisher: MultiplexedConnection,
    reader: MultiplexedConnection,
    /// Without it nothing is told any more.
    _subscriptions: PubSubSink,
    messages: PubSubStream,
    script: Script,
    log: String,
    told: String,
    data: Bytes,
    /// The last entry that was read.
    after: String,
}

impl Relay {
    pub(in crate::bench) async fn new(redis: &Redis, data: Bytes) -> Result<Self> {
        let told = redis.key("told");
        let listener = redis.client()?.get_async_pubsub().await.or_fail("Redis cannot be listened to")?;
        let (mut subscriptions, messages) = listener.split();
        subscriptions.subscribe(&told).await.or_fail("Redis cannot be listened to")?;
        Ok(Self {
            publisher: redis.connect().await?,
            reader: redis.connect().await?,
            _subscriptions: subscriptions,
            messages,
            script: scripts::told(),
            log: redis.key("log"),
            told,
            data,
            after: "0-0".to_owned(),
        })
    }

    /// Publishes an event, and returns how long it took until the other side had read it.
    pub(in crate::bench) async fn once(&mut self) -> Result<Duration> {
        let Self { publisher, reader, messages, script, log, told, data, after, .. } = self;
        let begin = Instant::now();
        let mut call = script.prepare_invoke();
        call.key(&*log).arg("/bench/1").arg(&data[..]).arg(&*told);
        let published = async { call.invoke_async::<String>(publisher).await.or_fail(REFUSED) };
        let seen = async {
            messages.next().await.ok_or_else(|| Failure::failed("Redis tells nothing any more"))?;
            let page = read(reader, log, after).await?;
            match entries(&page) {
                Some([_]) => Ok(begin.elapsed()),
                _ => Err(Failure::failed("what was told of is not there")),
            }
        };
        let (sequence, spent) = tokio::try_join!(published, seen)?;
        *after = sequence;
        Ok(spent)
    }
}
