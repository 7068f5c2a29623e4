//! Writers and readers that go on whatever happens, and the comparison of what they saw.

use crate::support::*;
use eventweir::*;
use eventweir_mongo::MongoStorage;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Writers that publish a number of events each, one after another, and readers that follow until they saw the last one.
pub(crate) struct Load {
    acknowledged: Arc<AtomicUsize>,
    total: usize,
    writers: Vec<JoinHandle<Vec<(String, Sequence)>>>,
    readers: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    /// Spreads writers over storages, and has one reader on each.
    pub(crate) fn start(storages: &[MongoStorage], writers: usize, events: usize) -> Self {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let total = writers * events;
        let write = |writer: usize| {
            let (storage, done) = (storages[writer % storages.len()].clone(), acknowledged.clone());
            tokio::spawn(write(storage, writer, events, done))
        };
        let writers = (0..writers).map(write).collect();
        let read = |storage: &MongoStorage| tokio::spawn(follow(storage.clone(), total));
        let readers = storages.iter().map(read).collect();
        Self { acknowledged, total, writers, readers }
    }

    /// Waits until a part of all events is acknowledged: what happens next happens under load.
    pub(crate) async fn reaches(&self, part: usize, of: usize) {
        let wanted = self.total * part / of;
        eventually("the writers get on", async || self.acknowledged.load(Ordering::Relaxed) >= wanted).await;
    }

    pub(crate) fn is_done(&self) -> bool {
        self.acknowledged.load(Ordering::Relaxed) >= self.total
    }

    /// Waits for everybody, and compares: each event is stored once, where it was acknowledged, in its writer's order, and every reader saw it.
    pub(crate) async fn finish(self, storage: &MongoStorage) {
        let mut acknowledged = Vec::new();
        for writer in self.writers {
            let own = writer.await.unwrap();
            assert!(own.is_sorted_by_key(|(_, sequence)| *sequence), "a writer's events are out of order");
            acknowledged.extend(own);
        }
        let stored = read_all(storage).await;
        assert_eq!(stored.len(), self.total, "nothing else is stored");
        for (id, sequence) in acknowledged {
            assert_eq!(stored[sequence.get() as usize - 1], id);
        }
        for reader in self.readers {
            assert_eq!(reader.await.unwrap(), stored);
        }
    }
}

async fn write(
    storage: MongoStorage,
    writer: usize,
    events: usize,
    done: Arc<AtomicUsize>,
) -> Vec<(String, Sequence)> {
    let mut acknowledged = Vec::with_capacity(events);
    for number in 0..events {
        let id = format!("w{writer}-{number}");
        let sequence = publish_stubbornly(&storage, &id).await;
        acknowledged.push((id, sequence));
        done.fetch_add(1, Ordering::Relaxed);
    }
    acknowledged
}

/// Follows the stream from its beginning, from position to position. Nothing is missing, nothing comes twice, no page shows an end that was passed.
async fn follow(storage: MongoStorage, total: usize) -> Vec<String> {
    let mut query = ReadQuery::new(Selector::all(), Start::Earliest).with_limit(17);
    let mut seen = Vec::new();
    let mut end = Instant::now() + PATIENCE;
    while seen.len() < total {
        match storage.read(&main_stream(), &query).await {
            Ok(page) => {
                assert_eq!((page.gap, page.reset), (None, None));
                for event in &page.events {
                    assert_eq!(event.sequence.get(), seen.len() as u64 + 1);
                    seen.push(event.id.as_str().to_owned());
                    end = Instant::now() + PATIENCE;
                }
                assert_eq!(page.through.get(), seen.len() as u64, "everything is selected");
                query.start = Start::At(page.position());
            }
            Err(error) => assert!(error.is_retryable() && error.effect() == Effect::NotApplied, "{error:?}"),
        }
        assert!(Instant::now() < end, "the reader saw {} of {total}", seen.len());
        sleep(BREATH).await;
    }
    seen
}
