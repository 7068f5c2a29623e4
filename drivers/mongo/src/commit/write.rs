//! Inserts a group's document, and finds out what became of it.

use super::group::jittered;
use crate::core::Core;
use crate::document::{commit_id_key, event_id_key};
use crate::error::{Call, is_duplicate_key};
use crate::layout::log_key;
use crate::store::{Failed, of};
use crate::streams::StreamHandle;
use eventweir::{Commit, Effect, Epoch, Error, ErrorKind, Result};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, RawDocumentBuf, doc};
use mongodb::error::{Error as MongoError, ErrorKind as MongoKind, WriteFailure};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two tries, at first and at most.
const PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A group's document on its way.
pub(super) struct Writing<'a> {
    pub(super) core: &'a Core,
    pub(super) stream: &'a StreamHandle,
    pub(super) epoch: Epoch,
    pub(super) number: u64,
    pub(super) writer: [u8; 16],
    pub(super) document: RawDocumentBuf,
    /// Those that the document holds, and those that were refused.
    pub(super) commits: &'a [&'a Commit],
    pub(super) deadline: Instant,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is in the log.
    Inserted,
    /// Another document has its number.
    NumberTaken,
    /// An id in it is known already.
    IdKnown,
    /// Its number was used before, and removed, or the stream was: what the group was built on is long gone. It was taken back.
    OutOfDate,
}

impl Writing<'_> {
    /// Inserts the document, and returns when its fate is certain.
    ///
    /// # Errors
    /// With the effect that it has: `Unknown` when its fate could not be found out in time.
    pub(super) async fn insert(&self) -> Result<Outcome> {
        let mut unsettled: Option<Error> = None;
        let mut pause = PAUSE;
        loop {
            // Sent again it is the same document: it is inserted once, or another one has its number.
            let outcome = match self.core.store.attempt(self.core.store.log.insert_one(&self.document)).await
            {
                Ok(_) => return self.check().await,
                Err(Failed::Refused(error)) if is_duplicate_key(&error) => {
                    self.meet(&error, &mut unsettled).await
                }
                Err(failed) if failed.is_ambiguous() => {
                    unsettled.get_or_insert(failed.into_error(Call::Write).with_effect(Effect::Unknown));
                    None
                }
                Err(failed) => {
                    let error = failed.into_error(Call::Write);
                    // Room is not made by asking again, and whoever publishes is to know soon.
                    let passes = error.is_retryable() && error.kind() != ErrorKind::StorageFull;
                    let patient = passes && Instant::now() < self.deadline;
                    if unsettled.is_none() && !patient {
                        return Err(error);
                    }
                    None
                }
            };
            match outcome {
                Some(Outcome::Inserted) => return self.check().await,
                Some(outcome) => return Ok(outcome),
                None if Instant::now() >= self.deadline => return Err(unsettled.unwrap_or_else(in_the_way)),
                None => {
                    sleep(jittered(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Finds out which document is in the way. `None` when that is not to be seen yet.
    async fn meet(&self, refusal: &MongoError, unsettled: &mut Option<Error>) -> Option<Outcome> {
        match self.who_has_it().await {
            Ok(Some(outcome)) => Some(outcome),
            // Refused for an id. That it is the id of this very document can only be when it was sent before.
            Ok(None) if unsettled.is_none() && !is_about_number(refusal) => Some(Outcome::IdKnown),
            // There, and not yet held by a majority.
            Ok(None) => None,
            Err(error) => {
                unsettled.get_or_insert(error.with_effect(Effect::Unknown));
                None
            }
        }
    }

    /// Looks whose document has the number, or one of the ids. `None` when none is to be seen.
    async fn who_has_it(&self) -> Result<Option<Outcome>> {
        let key = log_key(self.epoch, self.number);
        let store = &self.core.store;
        let number = store.log.find_one(doc! { "_id": &key }).projection(doc! { "w": 1 });
        let found = store.read(number).await?;
        if let Some(found) = found {
            let own = found.get_binary("w").is_ok_and(|writer| writer.bytes == self.writer);
            return Ok(Some(if own { Outcome::Inserted } else { Outcome::NumberTaken }));
        }
        let ids = doc! { "s": of(self.epoch), "ids": { "$in": self.ids() } };
        let found = store.read(store.log.find_one(ids).projection(doc! { "_id": 1 })).await?;
        Ok(found.map(|_| Outcome::IdKnown))
    }

    fn ids(&self) -> Vec<Bson> {
        let mut ids = Vec::new();
        for commit in self.commits {
            ids.extend(commit.append.iter().map(|event| event_id_key(&event.id)));
            ids.extend(commit.id.iter().map(|id| Bson::String(commit_id_key(id.as_str()))));
        }
        ids
    }

    /// Makes sure that the number was never used before. Whoever stood still for long may have built on an end of the log that
    /// others have gone on from, and whose successors were removed since. Numbers are removed only after the record says so.
    async fn check(&self) -> Result<Outcome> {
        let mut pause = PAUSE;
        loop {
            match self.core.store.record(&self.stream.name).await {
                Ok(Some(record)) if record.epoch == self.epoch && record.settled < self.number => {
                    return Ok(Outcome::Inserted);
                }
                Ok(_) => {
                    self.take_back().await;
                    return Ok(Outcome::OutOfDate);
                }
                Err(error) if Instant::now() >= self.deadline => {
                    return Err(error.with_effect(Effect::Unknown));
                }
                Err(_) => {
                    sleep(jittered(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Removes a document that nobody reads.
    async fn take_back(&self) {
        let writer = Binary { subtype: BinarySubtype::Generic, bytes: self.writer.to_vec() };
        let own = doc! { "_id": log_key(self.epoch, self.number), "w": writer };
        if let Err(error) = self.core.store.write(self.core.store.log.delete_one(own)).await {
            // Nobody reads it: it only takes room.
            tracing::warn!(stream = %self.stream.name, %error, "a document that is out of date stays in the log");
        }
    }
}

fn in_the_way() -> Error {
    let why = "another writer's commit stands in the way, and a majority does not have it yet";
    Error::new(ErrorKind::Unavailable, why)
}

/// Returns whether a document was refused for its number, not for an id.
fn is_about_number(error: &MongoError) -> bool {
    match &*error.kind {
        MongoKind::Write(WriteFailure::WriteError(error)) => error.message.contains("index: _id_"),
        MongoKind::Command(error) => error.message.contains("index: _id_"),
        _ => false,
    }
}
