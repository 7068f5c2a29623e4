//! The calls on the collections that everything else is made of.

use crate::document::Tip;
use crate::error::{Call, is_ambiguous, is_duplicate_key, map, timed_out};
use crate::layout::{self, LEFTOVERS, LOG, REMOVED, STATE, STREAMS, log_key};
use crate::record::StreamRecord;
use eventweir::{Effect, Epoch, Error, ErrorKind, Result, StreamName};
use mongodb::bson::{Bson, DateTime, Document, RawDocumentBuf, doc};
use mongodb::error::Result as MongoResult;
use mongodb::options::Hint;
use mongodb::{Collection, Cursor, Database};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// So many updates go in one command.
const MOST_UPDATES: usize = 500;
/// Between two looks at what another process has just made.
const PAUSE: Duration = Duration::from_millis(2);

/// Gives the collections. Their write concern is majority and journaled, their read concern majority.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) database: Database,
    /// How long one call may take. The client itself waits for ever for a server that says nothing.
    timeout: Duration,
    pub(crate) streams: Collection<Document>,
    pub(crate) log: Collection<RawDocumentBuf>,
    pub(crate) state: Collection<Document>,
    pub(crate) removed: Collection<Document>,
    pub(crate) leftovers: Collection<Document>,
}

/// What one look at a stream brought: documents of the log, and the record as it was then or later.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) documents: Vec<RawDocumentBuf>,
    /// `None` when there is no such stream any more.
    pub(crate) record: Option<StreamRecord>,
    /// Whether documents were left out because the others are large.
    pub(crate) cut: bool,
}

impl Store {
    pub(crate) fn new(database: Database, timeout: Duration) -> Self {
        Self {
            streams: database.collection(STREAMS),
            log: database.collection(LOG),
            state: database.collection(STATE),
            removed: database.collection(REMOVED),
            leftovers: database.collection(LEFTOVERS),
            database,
            timeout,
        }
    }

    /// Gives the connections back.
    pub(crate) async fn close(&self) {
        self.database.client().clone().shutdown().immediate(true).await;
    }

    /// Reads a stream's record.
    pub(crate) async fn record(&self, name: &StreamName) -> Result<Option<StreamRecord>> {
        let found = self.read(self.streams.find_one(doc! { "_id": name.as_str() })).await?;
        found.as_ref().map(StreamRecord::of).transpose()
    }

    /// Reads a stream's record, and makes the stream when there is none.
    pub(crate) async fn ensure(&self, name: &StreamName) -> Result<StreamRecord> {
        loop {
            if let Some(record) = self.record(name).await? {
                return Ok(record);
            }
            let made = StreamRecord::new(Epoch::random()).to_document(name.as_str());
            // It is read again in any case: only what a majority has is shown to anyone.
            match self.attempt(self.streams.insert_one(made)).await {
                Ok(_) => {}
                Err(Failed::Refused(error)) if is_duplicate_key(&error) => sleep(PAUSE).await,
                Err(failed) => return Err(failed.into_error(Call::Write)),
            }
        }
    }

    /// Looks at the log by a pipeline, and then, or at the same moment, at the record: in one call. Documents beyond `budget` bytes are
    /// left out.
    pub(crate) async fn look(
        &self,
        name: &StreamName,
        mut pipeline: Vec<Document>,
        budget: usize,
    ) -> Result<Look> {
        let record = vec![
            doc! { "$match": { "_id": name.as_str() } },
            doc! { "$set": { "part": { "$literal": "record" } } },
        ];
        pipeline.push(doc! { "$unionWith": { "coll": STREAMS, "pipeline": record } });
        let mut look = Look { documents: Vec::new(), record: None, cut: false };
        let mut cursor = self.read(self.log.aggregate(pipeline).with_type::<RawDocumentBuf>()).await?;
        let mut bytes = 0;
        while self.read(cursor.advance()).await? {
            let document = cursor.current();
            if document.get("part").ok().flatten().is_some() {
                look.record = Some(StreamRecord::of_raw(document)?);
                continue;
            }
            bytes += document.as_bytes().len();
            look.documents.push(document.to_owned());
            if bytes > budget {
                drop(cursor);
                let record = self.record(name).await?;
                return Ok(Look { record, cut: true, ..look });
            }
        }
        Ok(look)
    }

    /// Looks at the end of a stream's log, at or after a number, and then at its record.
    pub(crate) async fn look_at_end(
        &self,
        name: &StreamName,
        epoch: Epoch,
        from: u64,
    ) -> Result<(Tip, Option<StreamRecord>)> {
        let look = self.look(name, tip_pipeline(epoch, from), usize::MAX).await?;
        let tip = look.documents.first().map_or(Ok(Tip::NONE), |document| Tip::of(document))?;
        Ok((tip, look.record))
    }

    /// Searches the log by an index that is named: in the steps that nobody waits for, where a query has more conditions than the
    /// index.
    pub(crate) async fn search_by(
        &self,
        index: &str,
        pipeline: Vec<Document>,
    ) -> Result<Vec<RawDocumentBuf>> {
        let hint = Hint::Name(index.to_owned());
        let cursor = self.read(self.log.aggregate(pipeline).hint(hint).with_type::<RawDocumentBuf>()).await?;
        self.drain(cursor).await
    }

    /// Searches the log.
    pub(crate) async fn search(&self, pipeline: Vec<Document>) -> Result<Vec<RawDocumentBuf>> {
        self.gather(&self.log, pipeline).await
    }

    /// Carries out a pipeline and gathers what it gives.
    pub(crate) async fn gather<T: Send + Sync>(
        &self,
        on: &Collection<T>,
        pipeline: Vec<Document>,
    ) -> Result<Vec<RawDocumentBuf>> {
        let cursor = self.read(on.aggregate(pipeline).with_type::<RawDocumentBuf>()).await?;
        self.drain(cursor).await
    }

    async fn drain(&self, mut cursor: Cursor<RawDocumentBuf>) -> Result<Vec<RawDocumentBuf>> {
        let mut found = Vec::new();
        while self.read(cursor.advance()).await? {
            found.push(cursor.current().to_owned());
        }
        Ok(found)
    }

    /// Carries out several updates in one command, in any order. Those that meet a document of their key which they do not want are
    /// left out. Returns how many documents were made.
    pub(crate) async fn update_all<T: Send + Sync>(
        &self,
        on: &Collection<T>,
        updates: Vec<Document>,
    ) -> Result<u64> {
        let mut made = 0;
        for some in updates.chunks(MOST_UPDATES) {
            let command = doc! {
                "update": on.name(),
                "updates": some.to_vec(),
                "ordered": false,
                "writeConcern": { "w": "majority", "j": true, "wtimeout": self.timeout.as_millis() as i64 },
            };
            let answer = self.write(self.database.run_command(command)).await?;
            let errors = answer.get_array("writeErrors").map(Vec::as_slice).unwrap_or_default();
            let other = errors.iter().find(|error| code(error) != Some(DUPLICATE_KEY));
            if other.is_some() || answer.contains_key("writeConcernError") {
                let why = "MongoDB could not carry out some updates";
                return Err(Error::new(ErrorKind::Unavailable, why).with_effect(Effect::Unknown));
            }
            made += answer.get_array("upserted").map_or(0, Vec::len) as u64;
        }
        Ok(made)
    }

    /// Changes a stream's record when it is still of an incarnation. Returns whether it is.
    pub(crate) async fn note(&self, name: &StreamName, epoch: Epoch, change: Document) -> Result<bool> {
        let same = doc! { "_id": name.as_str(), "s": of(epoch) };
        Ok(self.write(self.streams.update_one(same, change)).await?.matched_count == 1)
    }

    /// Returns the server's own time.
    pub(crate) async fn now(&self) -> Result<DateTime> {
        let hello = self.read(self.database.run_command(doc! { "hello": 1 })).await?;
        let now = hello.get_datetime("localTime").copied();
        now.map_err(|_| Error::new(ErrorKind::Internal, "the MongoDB server does not say what time it is"))
    }

    /// Makes a call that changes nothing.
    pub(crate) async fn read<T>(&self, call: impl IntoFuture<Output = MongoResult<T>>) -> Result<T> {
        self.attempt(call).await.map_err(|failed| failed.into_error(Call::Read))
    }

    /// Makes a call that changes something.
    pub(crate) async fn write<T>(&self, call: impl IntoFuture<Output = MongoResult<T>>) -> Result<T> {
        self.attempt(call).await.map_err(|failed| failed.into_error(Call::Write))
    }

    /// Makes a call, and keeps the error as it is.
    pub(crate) async fn attempt<T>(
        &self,
        call: impl IntoFuture<Output = MongoResult<T>>,
    ) -> Result<T, Failed> {
        match timeout(self.timeout, call.into_future()).await {
            Ok(result) => result.map_err(Failed::Refused),
            Err(_) => Err(Failed::Silent),
        }
    }
}

/// Why a call brought nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    Refused(mongodb::error::Error),
    /// No answer came in time.
    Silent,
}

impl Failed {
    pub(crate) fn into_error(self, call: Call) -> Error {
        match self {
            Self::Refused(error) => map(&error, call),
            Self::Silent => timed_out(call),
        }
    }

    /// Returns whether a write may have happened all the same.
    pub(crate) fn is_ambiguous(&self) -> bool {
        match self {
            Self::Refused(error) => is_ambiguous(error),
            Self::Silent => true,
        }
    }
}

const DUPLICATE_KEY: i32 = 11_000;

fn code(error: &Bson) -> Option<i32> {
    error.as_document()?.get_i32("code").ok()
}

/// Finds the last document of a log, at or after a number. A range with both ends costs what is in it.
fn tip_pipeline(epoch: Epoch, from: u64) -> Vec<Document> {
    vec![
        doc! { "$match": { "_id": numbers(epoch, from, i64::MAX as u64) } },
        doc! { "$sort": { "_id": -1 } },
        doc! { "$limit": 1 },
        doc! { "$project": { "n": 1, "head": 1, "te": 1, "tb": 1 } },
    ]
}

/// Says which keys a range of numbers has, both ends in it.
pub(crate) fn numbers(epoch: Epoch, from: u64, to: u64) -> Bson {
    doc! { "$gte": log_key(epoch, from), "$lte": log_key(epoch, to) }.into()
}

/// Says of whom a document must be.
pub(crate) fn of(epoch: Epoch) -> Bson {
    Bson::Int64(layout::epoch_field(epoch))
}
