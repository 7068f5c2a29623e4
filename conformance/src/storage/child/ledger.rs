//! What processes tried and were told, and what the store makes of it.

use super::line::Line;
use super::plan::Attempt;
use crate::failure::ensure_law;
use crate::storage::stream::StreamClient;
use crate::{Failure, Law};
use eventweir::{Appended, Effect, Epoch, Event, Receipt, Sequence};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Everything that was tried on one store, by all processes.
#[derive(Debug)]
pub(crate) struct Ledger {
    seed: u64,
    epoch: Epoch,
    /// By life, writer and number.
    tries: BTreeMap<(u64, u64, u64), Try>,
    life: u64,
    /// What a writer of this life was told last when its commit failed.
    failure: Option<String>,
    /// Acknowledged by nobody, and there.
    recovered: usize,
}

#[derive(Debug)]
struct Try {
    attempt: Attempt,
    outcome: Outcome,
}

/// What is known of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was acknowledged.
    Acknowledged(Receipt),
    /// It is there, and nobody was told when it was made.
    Recovered(Vec<Sequence>),
    /// It may be there.
    Unknown,
    /// It is not there; with why. It must never be.
    Refused(String),
}

impl Ledger {
    pub(crate) fn new(seed: u64, epoch: Epoch) -> Self {
        Self { seed, epoch, tries: BTreeMap::new(), life: 0, failure: None, recovered: 0 }
    }

    /// Notes what the process of another life says from now on.
    pub(crate) fn begin(&mut self, life: u64) {
        (self.life, self.failure) = (life, None);
    }

    /// Returns what a writer of this life was told when its commit failed.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Notes what a process said.
    pub(crate) fn note(&mut self, line: Line) -> Result<(), Failure> {
        match line {
            Line::Attempt(attempt) => {
                self.begin_try(attempt);
                Ok(())
            }
            Line::Acknowledged(writer, receipt) => self.end_try(writer, Outcome::Acknowledged(receipt)),
            Line::Failed(writer, effect, why) => {
                self.failure = Some(why.clone());
                let refused = effect == Effect::NotApplied;
                self.end_try(writer, if refused { Outcome::Refused(why) } else { Outcome::Unknown })
            }
        }
    }

    pub(crate) fn begin_try(&mut self, attempt: Attempt) {
        let place = (attempt.life, attempt.writer, attempt.number);
        self.tries.insert(place, Try { attempt, outcome: Outcome::Unknown });
    }

    /// Notes what came of a writer's last attempt.
    pub(crate) fn end_try(&mut self, writer: u64, outcome: Outcome) -> Result<(), Failure> {
        let of_writer = self.tries.range_mut((self.life, writer, 0)..=(self.life, writer, u64::MAX));
        let last =
            of_writer.last().ok_or_else(|| Failure::new("a process was answered what it did not ask"))?;
        last.1.outcome = outcome;
        Ok(())
    }

    /// Says how much was tried, for messages.
    pub(crate) fn counts(&self) -> String {
        let of = |is: fn(&Outcome) -> bool| self.tries.values().filter(|one| is(&one.outcome)).count();
        let acknowledged = of(|outcome| matches!(outcome, Outcome::Acknowledged(_)));
        format!(
            "{} commits attempted, {acknowledged} acknowledged, {} recovered by {} processes",
            self.tries.len(),
            self.recovered,
            self.life + 1
        )
    }

    /// Compares the store with what was said of it: every acknowledged commit is there, every other one is whole or not at all,
    /// and there is nothing else. From then on it is known what became of each.
    pub(crate) async fn settle(&mut self, client: &StreamClient) -> Result<(), Failure> {
        let bounds = client.bounds().await?;
        ensure_law!(
            Law::Durable,
            bounds.epoch == self.epoch,
            "the epoch was {}, and is {} after the process was killed: readers are told that everything they know is void",
            self.epoch,
            bounds.epoch
        );
        let told = self.greatest_head();
        ensure_law!(
            Law::Durable,
            bounds.head >= told,
            "a head of {told} was acknowledged, and after the process was killed it is {}",
            bounds.head
        );
        let log = client.expect_log(bounds.head.get()).await?;
        let mut found = index(&log)?;
        for Try { attempt, outcome } in self.tries.values_mut() {
            let places = places(attempt, self.seed, &mut found)?;
            if let Some(now) = judge(attempt, outcome, self.epoch, places)? {
                self.recovered += usize::from(matches!(now, Outcome::Recovered(_)));
                *outcome = now;
            }
        }
        if let Some(event) = found.values().next() {
            let what = format!("an event is at {} that nobody published: {:?}", event.sequence, event.data);
            return Err(Failure::of(Law::Atomic, what));
        }
        self.check_writers(client).await
    }

    fn greatest_head(&self) -> Sequence {
        let heads = self.tries.values().filter_map(|one| match &one.outcome {
            Outcome::Acknowledged(receipt) => Some(receipt.head),
            _ => None,
        });
        heads.max().unwrap_or_default()
    }

    /// The writers' commits are in the order in which they were made, and the cursor and the record of each is where the last
    /// of them has put it.
    async fn check_writers(&self, client: &StreamClient) -> Result<(), Failure> {
        let mut last: BTreeMap<(u64, u64), (Sequence, Option<Attempt>)> = BTreeMap::new();
        for Try { attempt, outcome } in self.tries.values() {
            let (before, moved) = last.entry((attempt.life, attempt.writer)).or_default();
            let Some(first) = outcome.first() else { continue };
            ensure_law!(
                Law::Order,
                first > *before,
                "the commit {} was made after one that is at {before}, and is at {first}",
                attempt.name()
            );
            *before = first;
            if attempt.moves(self.seed) {
                *moved = Some(*attempt);
            }
        }
        for (life_and_writer, (_, moved)) in last {
            let Some(first) = self.tries.get(&(life_and_writer.0, life_and_writer.1, 0)) else { continue };
            check_moved(client, &first.attempt, moved).await?;
        }
        Ok(())
    }

    /// Makes the last attempts of each writer again: what is there is recognised, and what is not happens now.
    pub(crate) async fn repeat(&mut self, client: &StreamClient) -> Result<(), Failure> {
        let (seed, life) = (self.seed, self.life);
        let mut later: HashMap<u64, usize> = HashMap::new();
        for ((_, writer, _), Try { attempt, outcome }) in
            self.tries.range_mut((life, 0, 0)..=(life, u64::MAX, u64::MAX)).rev()
        {
            let later = later.entry(*writer).or_default();
            *later += 1;
            if *later <= REPEATED {
                repeat(client, attempt, outcome, seed).await?;
            }
        }
        Ok(())
    }
}

impl Outcome {
    fn first(&self) -> Option<Sequence> {
        match self {
            Self::Acknowledged(receipt) => receipt.events.first().map(|placed| placed.sequence),
            Self::Recovered(places) => places.first().copied(),
            Self::Unknown | Self::Refused(_) => None,
        }
    }
}

/// Lists the events of a log by their ids.
fn index(log: &[Arc<Event>]) -> Result<HashMap<String, Arc<Event>>, Failure> {
    let mut found = HashMap::new();
    for event in log {
        if let Some(first) = found.insert(event.id.as_str().to_owned(), event.clone()) {
            return Err(Failure::of(
                Law::NoDuplicate,
                format!(
                    "the event {} is there twice, at {} and at {}",
                    event.id, first.sequence, event.sequence
                ),
            ));
        }
    }
    Ok(found)
}

/// Takes an attempt's events out of what was found, and returns where they are; `None` for one that is not there.
fn places(
    attempt: &Attempt,
    seed: u64,
    found: &mut HashMap<String, Arc<Event>>,
) -> Result<Vec<Option<Sequence>>, Failure> {
    let mut places = Vec::new();
    for new in attempt.commit(seed).append {
        let event = found.remove(new.id.as_str());
        if let Some(event) = &event {
            ensure_law!(
                Law::Durable,
                **event == Event::new(event.sequence, new.clone()),
                "the event {} was published as {new:?}, and is {event:?}",
                new.id
            );
        }
        places.push(event.map(|event| event.sequence));
    }
    Ok(places)
}

/// Compares what was said with what is there. Returns what is known now, when it was not before.
fn judge(
    attempt: &Attempt,
    outcome: &Outcome,
    epoch: Epoch,
    places: Vec<Option<Sequence>>,
) -> Result<Option<Outcome>, Failure> {
    let name = attempt.name();
    let there: Vec<Sequence> = places.iter().copied().flatten().collect();
    match outcome {
        Outcome::Acknowledged(receipt) => {
            let told: Vec<_> = receipt.events.iter().map(|placed| Some(placed.sequence)).collect();
            ensure_law!(
                Law::Durable,
                told == places,
                "the commit {name} was acknowledged at {told:?}, and its events are at {places:?}"
            );
            ensure_law!(
                Law::Durable,
                receipt.epoch == epoch,
                "the commit {name} was acknowledged in the epoch {}, not in {epoch}",
                receipt.epoch
            );
            Ok(None)
        }
        Outcome::Recovered(first) => {
            ensure_law!(
                Law::Durable,
                *first == there && there.len() == places.len(),
                "the commit {name} was there, at {first:?}, and its events are at {places:?} now"
            );
            Ok(None)
        }
        Outcome::Refused(why) => {
            ensure_law!(
                Law::Honest,
                there.is_empty(),
                "the commit {name} was not carried out, it was said ({why}), and its events are at {there:?}"
            );
            Ok(None)
        }
        Outcome::Unknown if there.is_empty() => {
            Ok(Some(Outcome::Refused("after the kill it was not there".to_owned())))
        }
        Outcome::Unknown => {
            let together = there.windows(2).all(|pair| pair[1] == pair[0].next());
            ensure_law!(
                Law::Atomic,
                there.len() == places.len() && together,
                "the process was killed in the commit {name}, and its events are at {places:?}: not whole, not side by side"
            );
            Ok(Some(Outcome::Recovered(there)))
        }
    }
}

async fn check_moved(client: &StreamClient, first: &Attempt, moved: Option<Attempt>) -> Result<(), Failure> {
    let (name, key) = (first.cursor(), first.key());
    let cursor = client.storage.cursor(&client.stream, &name).await?.map(|cursor| cursor.sequence);
    let record =
        client.storage.record(&client.stream, &key).await?.map(|record| (record.version, record.value));
    let expected = moved.map(|last| last.before.head);
    let what = moved.map_or("no commit".to_owned(), |last| format!("the commit {}", last.name()));
    ensure_law!(
        Law::Atomic,
        cursor == expected,
        "{what} moved the cursor {name} last, so it should be at {expected:?}, and it is at {cursor:?}"
    );
    let expected = moved.map(|last| (last.before.version + 1, last.value()));
    ensure_law!(
        Law::Atomic,
        record == expected,
        "{what} changed the record {key} last, so it should be {expected:?}, and it is {record:?}"
    );
    Ok(())
}

async fn repeat(
    client: &StreamClient,
    attempt: &Attempt,
    outcome: &mut Outcome,
    seed: u64,
) -> Result<(), Failure> {
    let name = attempt.name();
    let receipt = client.try_commit(&attempt.commit(seed)).await.map_err(|error| {
        let failure = Failure::from(error).at(format!("the commit {name}, made again"));
        if outcome.first().is_some() { failure.or_of(Law::NoDuplicate) } else { failure }
    })?;
    let there = match outcome {
        Outcome::Acknowledged(first) => first.events.iter().map(|placed| placed.sequence).collect(),
        Outcome::Recovered(there) => there.clone(),
        Outcome::Unknown | Outcome::Refused(_) => {
            ensure_law!(
                Law::Honest,
                !receipt.repeated && receipt.events.iter().all(|placed| !placed.duplicate),
                "the commit {name} was not there, and when it was made again it was recognised: {receipt:?}"
            );
            *outcome = Outcome::Acknowledged(receipt);
            return Ok(());
        }
    };
    let again: Vec<_> = receipt.events.iter().map(|placed| placed.sequence).collect();
    ensure_law!(
        Law::NoDuplicate,
        again == there && recognised(attempt.has_id(seed), &receipt),
        "the commit {name} is there, at {there:?}, and when it was made again it got {receipt:?}"
    );
    let Outcome::Acknowledged(first) = outcome else { return Ok(()) };
    let as_first = Receipt { repeated: true, ..first.clone() };
    ensure_law!(
        Law::NoDuplicate,
        !attempt.has_id(seed) || receipt == as_first,
        "the commit {name}, made again, should get its first receipt {as_first:?}, and got {receipt:?}"
    );
    Ok(())
}

/// A commit with an id is recognised by it, one without by its events'.
fn recognised(has_id: bool, receipt: &Receipt) -> bool {
    let known = |placed: &Appended| placed.duplicate;
    if has_id { receipt.repeated } else { !receipt.events.is_empty() && receipt.events.iter().all(known) }
}

/// So many commits of each writer are made again.
const REPEATED: usize = 6;

#[cfg(test)]
mod tests;
