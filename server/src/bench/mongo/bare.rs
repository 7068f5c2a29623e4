//! What a client does that inserts each event by itself and finds pages by their keys, as a limit to be compared with.

use super::Mongo;
use crate::bench::data::{self, SOURCE};
use crate::bench::embedded::Publisher;
use crate::bench::latency::Latency;
use crate::bench::machine::OrFail;
use crate::failure::{Failure, Result};
use bytes::Bytes;
use futures_util::TryStreamExt;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, RawDocumentBuf, doc};
use mongodb::{Client, Collection};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const COLLECTION: &str = "bare";
const REFUSED: &str = "MongoDB refused a bare call";
const PAGE: u64 = 100;

/// Inserts one document a call.
pub(in crate::bench) struct OneByOne {
    collection: Collection<Document>,
    data: Bytes,
    next: AtomicU64,
}

impl OneByOne {
    pub(in crate::bench) async fn new(mongo: &Mongo, data: Bytes) -> Result<Self> {
        let collection = mongo.connect().await?.collection(COLLECTION);
        Ok(Self { collection, data, next: AtomicU64::new(0) })
    }

    /// Gives the connections back.
    pub(in crate::bench) async fn close(&self) {
        close(self.collection.client()).await;
    }
}

impl Publisher for OneByOne {
    async fn publish(&self) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.collection.insert_one(document(number, &self.data)).await.map(drop).or_fail(REFUSED)
    }
}

/// Ends a client while its runtime is there: one that is merely dropped would still say goodbye, and panic when it cannot.
pub(super) async fn close(client: &Client) {
    client.clone().shutdown().immediate(true).await;
}

impl Mongo {
    /// Fills the bare collection with events, whose keys count from 0.
    pub(in crate::bench) async fn fill_bare(&self, events: u64, data: &Bytes) -> Result<()> {
        let collection = self.connect().await?.collection(COLLECTION);
        for first in (0..events).step_by(1000) {
            let documents = (first..events.min(first + 1000)).map(|number| document(number, data));
            collection.insert_many(documents).await.or_fail(REFUSED)?;
        }
        close(collection.client()).await;
        Ok(())
    }

    /// Reads pages one by one for a time, each from the key on that `first` says.
    pub(in crate::bench) async fn read_bare(
        &self,
        time: Duration,
        first: impl Fn(u64) -> u64,
    ) -> Result<Latency> {
        let collection: Collection<RawDocumentBuf> = self.connect().await?.collection(COLLECTION);
        let (mut latency, begin) = (Latency::new()?, Instant::now());
        while begin.elapsed() < time {
            let first = first(latency.count());
            let asked = Instant::now();
            let range = doc! { "_id": { "$gte": key(first), "$lt": key(first + PAGE) } };
            let found = collection.find(range).sort(doc! { "_id": 1 }).await.or_fail(REFUSED)?;
            let page: Vec<RawDocumentBuf> = found.try_collect().await.or_fail(REFUSED)?;
            latency.record(asked.elapsed());
            if page.len() as u64 != PAGE {
                return Err(Failure::failed("a bare page is not full"));
            }
        }
        close(collection.client()).await;
        Ok(latency)
    }
}

fn document(number: u64, data: &[u8]) -> Document {
    let binary = |bytes: &[u8]| Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() };
    doc! {
        "_id": key(number),
        "time": 1_700_000_000_000 + number.cast_signed(),
        "channel": format!("/bench/{}", data::channel_of(number)),
        "id": binary(&data::event_id(number)),
        "source": SOURCE,
        "data": binary(data),
    }
}

/// A text that is in the order of the numbers.
fn key(number: u64) -> String {
    format!("{number:016x}")
}
