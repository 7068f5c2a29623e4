//! Measures appends and sparse reads beside the plain design: one table, a unique index on the id, an index on channel and
//! sequence, group commit in one thread.
//!
//! `cargo run --release -p eventweir-sqlite --example append_bench -- [seconds] [directory] [append|read] [publishers]`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement stops at the first surprise"
)]

use bytes::Bytes;
use eventweir::{
    ChannelName, Commit, EventId, NewEvent, ReadQuery, Selector, Sequence, Start, Storage, StreamName,
    Timestamp,
};
use eventweir_sqlite::{SqliteConfig, SqliteStorage, Synchronous};
use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

const CHANNELS: u64 = 1000;
const SIZE: usize = 256;

fn main() {
    let mut args = std::env::args().skip(1);
    let seconds = args.next().and_then(|text| text.parse().ok()).unwrap_or(3.0);
    let directory = args.next().unwrap_or_else(|| ".".to_owned());
    let what = args.next().unwrap_or_default();
    let dir = tempfile::tempdir_in(directory).unwrap();
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    if what != "read" {
        let which: Vec<usize> = args.next().map_or(vec![1, 64, 256], |n| vec![n.parse().unwrap()]);
        for publishers in which {
            let time = Duration::from_secs_f64(seconds);
            let plain = runtime().block_on(plain(&dir.path().join("plain.db"), publishers, time));
            let ours = runtime().block_on(ours(&dir.path().join("ours.db"), publishers, time));
            println!(
                "append {publishers} publishers: plain {plain:.0}/s, eventweir {ours:.0}/s, {:.2} times",
                ours / plain
            );
        }
    }
    if what != "append" {
        let small = runtime().block_on(sparse(&dir.path().join("small.db"), 20_000, 100));
        let large = runtime().block_on(sparse(&dir.path().join("large.db"), 2_000_000, 10_000));
        println!("100 events of 1 in 100 of 20,000: {small:?}; of 1 in 10,000 of 2,000,000: {large:?}");
        println!("{:.2} times", large.as_secs_f64() / small.as_secs_f64());
    }
}

/// splitmix64: cheap, good enough to choose channels.
fn scramble(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A time-ordered id, like a UUIDv7.
fn id(n: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    id[8..].copy_from_slice(&scramble(n).to_be_bytes());
    id
}

/// Keeps `publishers` appends in flight; appends per second.
async fn closed_loop<F: Future<Output = ()> + Send>(
    publishers: usize,
    time: Duration,
    once: impl Fn(u64) -> F + Send + Sync + 'static,
) -> f64 {
    let (once, next, begin) = (Arc::new(once), Arc::new(AtomicU64::new(1)), Instant::now());
    let mut tasks = Vec::new();
    for _ in 0..publishers {
        let (once, next) = (once.clone(), next.clone());
        tasks.push(tokio::spawn(async move {
            let mut done = 0u64;
            while begin.elapsed() < time {
                once(next.fetch_add(1, Ordering::Relaxed)).await;
                done += 1;
            }
            done
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    done as f64 / begin.elapsed().as_secs_f64()
}

async fn ours(path: &Path, publishers: usize, time: Duration) -> f64 {
    let storage = SqliteStorage::open(SqliteConfig::at(path)).await.unwrap();
    let channels: Arc<Vec<ChannelName>> =
        Arc::new((0..CHANNELS).map(|n| ChannelName::new(&format!("/bench/{n}")).unwrap()).collect());
    let (stream, data, store) = (StreamName::main(), Bytes::from(vec![b'x'; SIZE]), storage.clone());
    let rate = closed_loop(publishers, time, move |n| {
        let (store, stream) = (store.clone(), stream.clone());
        let mut event = NewEvent::new(channels[(scramble(n) % CHANNELS) as usize].clone(), data.clone());
        event.id = EventId::from_uuid(id(n));
        event.time = Timestamp::from_millis(1_700_000_000_000 + n as i64);
        event.source = Some(eventweir::Source::new("client-1").unwrap());
        async move {
            store.commit(&stream, &Commit::append([event])).await.unwrap();
        }
    })
    .await;
    storage.close().await.unwrap();
    remove(path);
    rate
}

async fn plain(path: &Path, publishers: usize, time: Duration) -> f64 {
    let (send, receive) = crossbeam_channel::unbounded::<(u64, Vec<u8>, oneshot::Sender<u64>)>();
    let mut db = Connection::open(path).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    db.pragma_update(None, "synchronous", "full").unwrap();
    db.pragma_update(None, "cache_size", -65536).unwrap();
    db.execute_batch(
        "create table events(seq integer primary key, channel_id integer not null, id blob not null,
            time integer not null, source text, headers blob, data blob not null);
         create unique index events_id on events(id);
         create index events_channel on events(channel_id, seq);",
    )
    .unwrap();
    let writer = std::thread::spawn(move || {
        let (mut seq, mut group) = (1u64, Vec::new());
        while let Ok(first) = receive.recv() {
            group.push(first);
            group.extend(receive.try_iter().take(1023));
            let transaction = db.transaction().unwrap();
            let mut replies = Vec::with_capacity(group.len());
            {
                let mut insert = transaction
                    .prepare_cached("insert into events(seq, channel_id, id, time, source, headers, data) values (?, ?, ?, ?, ?, ?, ?)")
                    .unwrap();
                for (n, data, reply) in group.drain(..) {
                    let time = 1_700_000_000_000 + n as i64;
                    let channel = (scramble(n) % CHANNELS) as i64;
                    let row = params![seq as i64, channel, id(n), time, "client-1", None::<&[u8]>, data];
                    insert.execute(row).unwrap();
                    replies.push((seq, reply));
                    seq += 1;
                }
            }
            transaction.commit().unwrap();
            for (seq, reply) in replies {
                let _ = reply.send(seq);
            }
        }
    });
    let rate = closed_loop(publishers, time, move |n| {
        let (send, data) = (send.clone(), vec![b'x'; SIZE]);
        async move {
            let (reply, done) = oneshot::channel();
            send.send((n, data, reply)).unwrap();
            done.await.unwrap();
        }
    })
    .await;
    writer.join().unwrap();
    remove(path);
    rate
}

/// Fills a log of which every `sparse`th event is of one channel, and takes the median time of a page of it.
async fn sparse(path: &Path, events: u64, sparse: u64) -> Duration {
    let config = SqliteConfig::at(path).with_synchronous(Synchronous::Normal);
    let storage = SqliteStorage::open(config.clone()).await.unwrap();
    let rare = ChannelName::new("/rare").unwrap();
    let others: Vec<_> = (0..CHANNELS).map(|n| ChannelName::new(&format!("/bench/{n}")).unwrap()).collect();
    let data = Bytes::from(vec![b'x'; SIZE]);
    let begin = Instant::now();
    for batch in 0..events / 1000 {
        let events = (batch * 1000..(batch + 1) * 1000).map(|n| {
            let usual = &others[(scramble(n) % CHANNELS) as usize];
            let channel = if n % sparse == sparse / 2 { &rare } else { usual };
            let mut event = NewEvent::new(channel.clone(), data.clone());
            event.id = EventId::from_uuid(id(n));
            event
        });
        storage.commit(&StreamName::main(), &Commit::append(events)).await.unwrap();
    }
    println!("filled {events} at {:.0}/s", events as f64 / begin.elapsed().as_secs_f64());
    storage.close().await.unwrap();
    let storage = SqliteStorage::open(config).await.unwrap();
    let mut times = Vec::new();
    for round in 0..300u64 {
        // Each page begins elsewhere in the first half, so that 100 are left.
        let after = Sequence::new(scramble(round) % (events / 2)).unwrap();
        let query = ReadQuery::new(Selector::exact(rare.clone()), Start::After(after));
        let begin = Instant::now();
        let page = storage.read(&StreamName::main(), &query).await.unwrap();
        times.push(begin.elapsed());
        assert_eq!(page.events.len(), 100);
    }
    storage.close().await.unwrap();
    remove(path);
    times.sort_unstable();
    times[times.len() / 2]
}

fn remove(path: &Path) {
    for end in ["", "-wal", "-shm", ".lock"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
}
