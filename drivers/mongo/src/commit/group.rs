//! Carries out a group of commits: decides, inserts, and decides again when others were faster.

use super::decide::Draft;
use super::lookup::Lookups;
use super::write::{Outcome, Writing};
use super::{Request, late};
use crate::core::Core;
use crate::document::Tip;
use crate::streams::{Known, StreamHandle};
use eventweir::{Commit, Epoch, Error, ErrorKind, Receipt, Result};
use mongodb::bson::{RawDocumentBuf, Uuid};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// So often a group may lose against other writers.
const TRIES: u32 = 200;

/// Carries out a group, and answers each of its commits.
pub(super) async fn carry_out(core: &Core, stream: &Arc<StreamHandle>, group: Vec<Request>) {
    let now = Instant::now();
    let (group, late_ones): (Vec<_>, Vec<_>) = group.into_iter().partition(|request| now < request.deadline);
    for request in late_ones {
        answer(request, Err(late()));
    }
    let Some(deadline) = group.iter().map(|request| request.deadline).max() else { return };
    let commits: Vec<_> = group.iter().map(|request| (&request.commit, request.bytes)).collect();
    let result = Group { core, stream, commits, deadline }.commit().await;
    match result {
        Ok((answers, committed)) => {
            if let Some(tip) = committed {
                core.wakeups.notify(&stream.name, tip.head);
            }
            for (request, result) in group.into_iter().zip(answers) {
                answer(request, result);
            }
        }
        Err(error) => {
            for request in group {
                answer(request, Err(again(&error)));
            }
        }
    }
}

fn answer(request: Request, result: Result<Receipt>) {
    // Nobody waits any more when the caller was dropped.
    let _ = request.reply.send(result);
}

/// Tells one more caller of an error.
fn again(error: &Error) -> Error {
    let told = Error::new(error.kind(), error.message().to_owned())
        .with_effect(error.effect())
        .with_retryable(error.is_retryable());
    match std::error::Error::source(error) {
        Some(cause) => told.with_source(cause.to_string()),
        None => told,
    }
}

struct Group<'a> {
    core: &'a Core,
    stream: &'a Arc<StreamHandle>,
    commits: Vec<(&'a Commit, usize)>,
    deadline: Instant,
}

/// The answers, and the log's end when something was inserted.
type Answers = (Vec<Result<Receipt>>, Option<Tip>);

impl Group<'_> {
    async fn commit(&self) -> Result<Answers> {
        let mut known = self.core.known(self.stream).await?;
        let mut ids_matter = false;
        for tries in 0..TRIES {
            match self.attempt(&known, ids_matter).await? {
                Attempt::Done(answers) => return Ok(answers),
                Attempt::Lost(outcome) => {
                    ids_matter |= outcome != Outcome::NumberTaken;
                    if outcome == Outcome::OutOfDate {
                        self.stream.forget(&known);
                    }
                }
            }
            if Instant::now() >= self.deadline {
                break;
            }
            // The first loss is made good at once: the winner is done. Later ones wait, the longer the more have met.
            if tries > 0 {
                sleep(jittered(Duration::from_millis(1) * (1 << tries.min(6)))).await;
            }
            known = self.core.refresh(self.stream).await?;
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            "other writers were faster, again and again; the commit was not carried out",
        ))
    }

    async fn attempt(&self, known: &Known, mut ids_matter: bool) -> Result<Attempt> {
        let epoch = known.record.epoch;
        let mut lookups = Lookups::default();
        let all: Vec<&Commit> = self.commits.iter().map(|(commit, _)| *commit).collect();
        if !all.iter().all(|commit| lookups.knows_state_of(commit)) {
            lookups.look_at_state(self.core, epoch, &all).await?;
        }
        if ids_matter {
            lookups.look_at_ids(self.core, epoch, &all).await?;
        }
        loop {
            let writer = Uuid::new().bytes();
            let (answers, document, tip) = self.decide(epoch, known.tip, &lookups, &writer);
            // The ids of a refused commit decide: one that is known is not refused.
            let unsure: Vec<&Commit> = all
                .iter()
                .zip(&answers)
                .filter(|(commit, answer)| answer.is_err() && !lookups.knows_ids_of(commit))
                .map(|(commit, _)| *commit)
                .collect();
            if !unsure.is_empty() && !ids_matter {
                lookups.look_at_ids(self.core, epoch, &unsure).await?;
                ids_matter = unsure.len() == all.len();
                continue;
            }
            let Some(document) = document else { return self.confirm(known, answers).await };
            let writing = Writing {
                core: self.core,
                stream: self.stream,
                epoch,
                number: tip.number,
                writer,
                document,
                commits: &all,
                deadline: self.deadline,
            };
            return Ok(match writing.insert().await? {
                Outcome::Inserted => {
                    self.stream.learn(&known.record, tip);
                    Attempt::Done((answers, Some(tip)))
                }
                outcome => Attempt::Lost(outcome),
            });
        }
    }

    fn decide(
        &self,
        epoch: Epoch,
        tip: Tip,
        lookups: &Lookups,
        writer: &[u8; 16],
    ) -> (Vec<Result<Receipt>>, Option<RawDocumentBuf>, Tip) {
        let mut draft = Draft::new(epoch, tip, lookups);
        let answers = self.commits.iter().map(|(commit, bytes)| draft.decide(commit, *bytes)).collect();
        let (document, tip) = draft.finish(&self.stream.name, writer);
        (answers, document, tip)
    }

    /// Makes sure that answers that rest on the log's end, without an insert to prove it, are those of this time.
    async fn confirm(&self, known: &Known, answers: Vec<Result<Receipt>>) -> Result<Attempt> {
        let now = self.core.refresh(self.stream).await?;
        let same = now.tip.number == known.tip.number && now.record.epoch == known.record.epoch;
        // What was looked up may have been written after that end, and be seen: then it is looked at anew.
        Ok(if same { Attempt::Done((answers, None)) } else { Attempt::Lost(Outcome::NumberTaken) })
    }
}

enum Attempt {
    Done(Answers),
    Lost(Outcome),
}

/// Chooses between half of a span and the whole.
pub(super) fn jittered(span: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 1024;
    span.mul_f64(0.5 + random as f64 / 2048.0)
}
