//! Events are removed while others are written, by two at once, and the server is killed in the middle of it.

use crate::support::*;
use eventweir::*;
use eventweir_mongo::MongoStorage;
use eventweir_test_servers::mongo::{MongoServer, SimulatedReplicaSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;

const EVENTS: u64 = 240;
const KEPT: u64 = 20;

/// One writer, a reader, and two that trim all the time.
struct Trimmed {
    written: Arc<AtomicU64>,
    writer: JoinHandle<()>,
    reader: JoinHandle<()>,
    trimmers: Vec<JoinHandle<()>>,
}

impl Trimmed {
    fn start(storages: &[MongoStorage; 3]) -> Self {
        let written = Arc::new(AtomicU64::new(0));
        let [first, second, third] = storages.clone();
        Self {
            writer: tokio::spawn(write(first.clone(), written.clone())),
            reader: tokio::spawn(follow(third)),
            trimmers: [first, second].map(|storage| tokio::spawn(trim(storage))).into(),
            written,
        }
    }

    async fn reaches(&self, part: u64, of: u64) {
        eventually("the writer gets on", async || self.written.load(Ordering::Relaxed) >= EVENTS * part / of)
            .await;
    }

    /// Ends the trimmers once all is written and read, and looks at what is left: the newest, whole, and every id is known still.
    async fn finish(self, storage: &MongoStorage) {
        self.writer.await.unwrap();
        self.reader.await.unwrap();
        self.trimmers.iter().for_each(JoinHandle::abort);
        let stubborn = async || storage.trim(&main_stream(), &keep(), Timestamp::now()).await;
        eventually("all is trimmed", async || stubborn().await.is_ok_and(|trimmed| !trimmed.more)).await;
        let query = ReadQuery::new(Selector::all(), Start::Earliest).with_limit(1000);
        let page = storage.read(&main_stream(), &query).await.unwrap();
        let left: Vec<u64> = page.events.iter().map(|event| event.sequence.get()).collect();
        assert_eq!(left, (EVENTS - KEPT + 1..=EVENTS).collect::<Vec<_>>());
        for number in 1..=EVENTS {
            let appended = publish(storage, &number.to_string()).await.unwrap().events[0];
            assert_eq!((appended.sequence.get(), appended.duplicate), (number, true));
        }
    }
}

fn keep() -> Retention {
    Retention { max_events: Some(KEPT), ..Retention::FOREVER }
}

async fn write(storage: MongoStorage, written: Arc<AtomicU64>) {
    for number in 1..=EVENTS {
        let sequence = publish_stubbornly(&storage, &number.to_string()).await;
        assert_eq!(sequence.get(), number);
        written.store(number, Ordering::Relaxed);
    }
}

async fn trim(storage: MongoStorage) {
    loop {
        if let Err(error) = storage.trim(&main_stream(), &keep(), Timestamp::now()).await {
            assert!(error.is_retryable(), "{error:?}");
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Sees every event, or is told that it was removed.
async fn follow(storage: MongoStorage) {
    let mut after = Sequence::ZERO;
    while after.get() < EVENTS {
        let query = ReadQuery::new(Selector::all(), Start::After(after)).with_limit(9);
        match storage.read(&main_stream(), &query).await {
            Ok(page) => {
                let resume_at = page.gap.as_ref().map_or(0, |gap| gap.resume_at.get());
                let mut expected = resume_at.max(after.get() + 1);
                for event in &page.events {
                    assert_eq!(event.sequence.get(), expected, "after {after}, {:?}", page.gap);
                    assert_eq!(event.data, expected.to_string());
                    expected += 1;
                }
                assert_eq!(
                    page.through.get() + 1,
                    expected.max(after.get() + 1),
                    "after {after}, {:?}",
                    page.gap
                );
                after = page.through;
            }
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
        sleep(BREATH).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_is_trimmed_it_tells_all_gaps_and_knows_all_ids() {
    let Some(mut server) = MongoServer::killable().await.unwrap() else { return };
    let url = server.uri();
    let trimmed = Trimmed::start(&[open(&url).await, open(&url).await, open(&url).await]);
    for kill in 1..=3 {
        trimmed.reaches(kill, 4).await;
        server.kill().await.unwrap();
        server.restart().await.unwrap();
    }
    trimmed.finish(&open(&url).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trimmed_during_simulated_elections_it_tells_all_gaps_and_knows_all_ids() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    let set = SimulatedReplicaSet::start(&server).await.unwrap();
    let url = set.uri();
    let trimmed = Trimmed::start(&[open(&url).await, open(&url).await, open(&url).await]);
    for election in 1..=6 {
        trimmed.reaches(election as u64, 7).await;
        set.elect(election);
    }
    trimmed.finish(&open(&url).await).await;
}
