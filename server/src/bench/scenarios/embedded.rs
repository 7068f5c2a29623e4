//! Publishing within this process.

use super::memory_log::MemoryLog;
use super::sqlite_log;
use crate::bench::arguments::BenchArgs;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::embedded::{Publisher, measure, runtime};
use crate::bench::figure::Sample;
use crate::bench::plain::{CHECKPOINT, PlainLog, Row};
use crate::bench::runner::Context;
use crate::failure::Result;
use bytes::Bytes;
use eventweir::{Broker, ChannelName, Commit, Credentials, EventId, NewEvent, Session, Source, Storage};
use eventweir_memory::MemoryStorage;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const PLAIN: &str =
    "the plain design in SQLite (one table, two indexes, group commit), same rows and pragmas";
const TUNED: &str = "the plain design with checkpoints every 16,384 pages instead of SQLite's 1,000";
const FEW_CHECKPOINTS: u32 = 16_384;
const BATCH: u64 = 64;

/// One event a commit to the memory driver, beside a locked vector with a set of ids.
pub(super) fn memory(_: &BenchArgs) -> Vec<Contest> {
    let contest = |publishers: usize| {
        Contest::new(format!("memory-publish.{publishers}"), "events/s", move |context| {
            runtime()?.block_on(async {
                measured(&session(MemoryStorage::new()).await?, context, (publishers, 1), None).await
            })
        })
        .with("publishers", publishers)
        .with("channels", data::CHANNELS)
        .against("a vector and a set of ids behind a lock", None, move |context| {
            let log = Arc::new(MemoryLog::new(data::payload(context.payload)));
            runtime()?.block_on(run(&log, context, (publishers, 1), None))
        })
    };
    [1, 64, 256].map(contest).into()
}

/// One event a commit to the SQLite driver, synced, beside the plain design.
pub(super) fn sqlite(_: &BenchArgs) -> Vec<Contest> {
    let contest = |(publishers, target): (usize, f64)| {
        durable(format!("sqlite-publish.{publishers}"), publishers, 1, Some(target)).also_against(
            ".tuned",
            TUNED,
            move |context| plain(context, publishers, 1, FEW_CHECKPOINTS),
        )
    };
    [(1, 0.9), (64, 1.5), (256, 1.5)].map(contest).into()
}

/// Many events a commit to the SQLite driver, synced, beside the plain design.
pub(super) fn batches(_: &BenchArgs) -> Vec<Contest> {
    let contest = |publishers: usize| durable(format!("commit-batch.{publishers}"), publishers, BATCH, None);
    [1, 16].map(contest).into()
}

fn durable(name: String, publishers: usize, batch: u64, target: Option<f64>) -> Contest {
    Contest::new(name, "events/s", move |context| {
        let folder = context.folder()?;
        runtime()?.block_on(async {
            let storage = sqlite_log::open(&folder.path().join("events.db"), true).await?;
            let sample =
                measured(&session(storage.clone()).await?, context, (publishers, batch), None).await?;
            storage.close().await?;
            Ok(sample)
        })
    })
    .with("publishers", publishers)
    .with("batch", batch)
    .with("channels", data::CHANNELS)
    .with("synchronous", "full")
    .against(PLAIN, target, move |context| plain(context, publishers, batch, CHECKPOINT))
}

fn plain(context: &Context, publishers: usize, batch: u64, checkpoint: u32) -> Result<Sample> {
    let folder = context.folder()?;
    let log = PlainLog::create(&folder.path().join("plain.db"), checkpoint)?;
    let data = data::payload(context.payload);
    let publisher = Arc::new(PlainPublisher { log, data, batch, next: AtomicU64::new(0) });
    runtime()?.block_on(run(&publisher, context, (publishers, batch), None))
}

pub(super) async fn session(storage: impl Storage) -> Result<Session> {
    let broker = Broker::builder().storage(storage).build()?;
    Ok(broker.session(&Credentials::Anonymous).await?)
}

/// Measures so many publishers, each of so many events a commit.
pub(super) async fn measured(
    session: &Session,
    context: &Context,
    (publishers, batch): (usize, u64),
    server: Option<u32>,
) -> Result<Sample> {
    let publisher = Arc::new(SessionPublisher {
        session: session.clone(),
        channels: data::channels()?,
        source: Source::new(data::SOURCE)?,
        data: data::payload(context.payload),
        batch,
        next: AtomicU64::new(0),
    });
    run(&publisher, context, (publishers, batch), server).await
}

/// Measures any publisher.
pub(super) async fn run(
    publisher: &Arc<impl Publisher>,
    context: &Context,
    (publishers, batch): (usize, u64),
    server: Option<u32>,
) -> Result<Sample> {
    let times = (context.warm_up(), context.time);
    measure(publisher, publishers, batch, context.pace, times, server).await
}

/// Publishes through a session, with ids of its own.
struct SessionPublisher {
    session: Session,
    channels: Vec<ChannelName>,
    source: Source,
    data: Bytes,
    batch: u64,
    next: AtomicU64,
}

impl SessionPublisher {
    fn event(&self, number: u64) -> NewEvent {
        let channel = usize::try_from(data::channel_of(number)).unwrap_or_default();
        NewEvent::new(self.channels[channel].clone(), self.data.clone())
            .with_id(EventId::from_uuid(data::event_id(number)))
            .with_source(self.source.clone())
    }
}

impl Publisher for SessionPublisher {
    async fn publish(&self) -> Result<()> {
        let first = self.next.fetch_add(self.batch, Ordering::Relaxed);
        if self.batch == 1 {
            self.session.publish(self.event(first)).await?;
        } else {
            let events = (first..first + self.batch).map(|number| self.event(number));
            self.session.commit(Commit::append(events)).await?;
        }
        Ok(())
    }
}

/// Appends the same rows to the plain design.
struct PlainPublisher {
    log: PlainLog,
    data: Bytes,
    batch: u64,
    next: AtomicU64,
}

impl Publisher for PlainPublisher {
    async fn publish(&self) -> Result<()> {
        let first = self.next.fetch_add(self.batch, Ordering::Relaxed);
        let row = |number| Row {
            channel: data::channel_of(number),
            id: data::event_id(number),
            data: self.data.clone(),
        };
        self.log.append((first..first + self.batch).map(row).collect()).await.map(drop)
    }
}
