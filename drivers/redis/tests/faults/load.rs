//! Publishers that never give up, and readers that never look back.

use super::support::*;
use eventweir::*;
use eventweir_redis::RedisStorage;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::task::JoinHandle;
use tokio::time::{Duration, sleep};

/// Publishers and a reader of one stream, which run until they are told to finish.
pub(crate) struct Load {
    storage: RedisStorage,
    stream: StreamName,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    publishers: Vec<JoinHandle<Vec<(String, Sequence)>>>,
    reader: JoinHandle<Reading>,
}

/// What a reader has seen.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Each event after the last reset, by its sequence.
    pub(crate) events: BTreeMap<u64, String>,
    pub(crate) resets: usize,
}

/// What a load has left behind.
pub(crate) struct Outcome {
    pub(crate) acknowledged: Vec<(String, Sequence)>,
    pub(crate) reading: Reading,
    pub(crate) log: Vec<Arc<Event>>,
}

impl Load {
    /// Each publisher sends one event after the other, each by its own id, and each until it is acknowledged.
    pub(crate) fn start(storage: &RedisStorage, stream: &StreamName, publishers: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let publishers = (0..publishers).map(|number| {
            let (storage, stream, stop) = (storage.clone(), stream.clone(), stop.clone());
            let count = acknowledged.clone();
            tokio::spawn(async move {
                let mut sent = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let id = format!("{number}-{:06}", sent.len());
                    let receipt = publish(&storage, &stream, &id).await;
                    sent.push((id, receipt.events[0].sequence));
                    count.fetch_add(1, Ordering::Relaxed);
                    // A steady stream, not all that the machine can do.
                    sleep(Duration::from_millis(2)).await;
                }
                sent
            })
        });
        Self {
            publishers: publishers.collect(),
            reader: tokio::spawn(follow(storage.clone(), stream.clone())),
            storage: storage.clone(),
            stream: stream.clone(),
            stop,
            acknowledged,
        }
    }

    /// Waits until so many more events were acknowledged.
    pub(crate) async fn more(&self, events: usize) {
        let before = self.acknowledged.load(Ordering::Relaxed);
        until("publishers go on", async || self.acknowledged.load(Ordering::Relaxed) >= before + events)
            .await;
    }

    /// Ends the publishers, brings the reader to the end, and reads all that there is.
    pub(crate) async fn finish(self) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        let mut acknowledged = Vec::new();
        for publisher in self.publishers {
            acknowledged.extend(publisher.await.unwrap());
        }
        publish(&self.storage, &self.stream, LAST).await;
        let reading = tokio::time::timeout(PATIENCE, self.reader).await.expect("the reader ends").unwrap();
        Outcome { acknowledged, reading, log: log(&self.storage, &self.stream).await }
    }
}

const LAST: &str = "the last one";

/// Reads on from position to position until the last event, wherever the stream goes.
async fn follow(storage: RedisStorage, stream: StreamName) -> Reading {
    let mut reading = Reading::default();
    let mut start = Start::Earliest;
    loop {
        let page = page(&storage, &stream, start).await;
        assert!(page.gap.is_none(), "nothing was removed: {:?}", page.gap);
        if page.reset.is_some() {
            reading.resets += 1;
            reading.events.clear();
        }
        for event in &page.events {
            let twice = reading.events.insert(event.sequence.get(), event.id.to_string());
            assert!(twice.is_none(), "{} was read before", event.sequence);
        }
        if reading.events.values().next_back().is_some_and(|id| id == LAST) {
            return reading;
        }
        start = Start::At(page.position());
        if page.events.is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Outcome {
    /// Nothing acknowledged was lost or moved, everything was read, once and in order, and no publisher was overtaken by itself.
    pub(crate) fn is_exact(&self) {
        assert_eq!(self.reading.resets, 0, "nothing was lost, so nobody is reset");
        let places: HashMap<_, _> =
            self.log.iter().map(|event| (event.id.to_string(), event.sequence)).collect();
        for (id, sequence) in &self.acknowledged {
            assert_eq!(places.get(id), Some(sequence), "{id} is where it was acknowledged");
        }
        // Nothing but what was published, and the last one.
        assert_eq!(places.len(), self.acknowledged.len() + 1);
        self.is_consistent();
    }

    /// What was read is what there is, and the order of each publisher was kept.
    pub(crate) fn is_consistent(&self) {
        let log: BTreeMap<_, _> =
            self.log.iter().map(|event| (event.sequence.get(), event.id.to_string())).collect();
        assert_eq!(self.reading.events, log, "the reader saw what there is");
        let mut last: HashMap<String, String> = HashMap::new();
        for id in log.values().filter(|id| *id != LAST) {
            let publisher = id.split('-').next().unwrap().to_owned();
            if let Some(before) = last.insert(publisher, id.clone()) {
                assert!(before < *id, "{before} before {id}");
            }
        }
    }
}
