//! Law *honest*, for stores that are full: they refuse cleanly, and go on when there is room.

use crate::Failure;
use crate::Law;
use crate::failure::{ensure, ensure_law};
use crate::property::remembers_ids;
use crate::storage::crew::{Crew, together};
use crate::storage::lab::{Bench, Lab};
use crate::storage::stream::StreamClient;
use crate::words::{commit_id, cursor, event, event_id, key};
use bytes::Bytes;
use eventweir::{
    Commit, CursorMove, Effect, Error, ErrorKind, Event, Receipt, RecordChange, RecordExpect, Retention,
    Sequence, Timestamp,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) async fn a_full_store_refuses_and_goes_on(lab: &Lab) -> Result<(), Failure> {
    let bench = small(lab).await?;
    let mut accepted = BTreeMap::new();
    for round in 0..2 {
        let refused = fill(&bench.client, round, &mut accepted).await?;
        expect_whole(&bench.client, &accepted, round).await?;
        if !make_room(&bench.client, &mut accepted).await? {
            return Ok(());
        }
        expect_forgotten(&bench, refused, &mut accepted).await?;
    }
    Ok(())
}

pub(crate) async fn a_full_store_is_trimmed_while_publishers_insist(lab: &Lab) -> Result<(), Failure> {
    let bench = small(lab).await?;
    let client = bench.client.clone();
    fill(&client, 0, &mut BTreeMap::new()).await?;
    let enough = Arc::new(AtomicBool::new(false));
    let mut crew = Crew::new();
    for writer in 0..CROWD {
        let (client, enough) = (client.clone(), enough.clone());
        crew.start(async move {
            let mut number = 0;
            while !enough.load(Ordering::Acquire) {
                match client.try_commit(&filling(1, writer, number)).await {
                    Ok(_) => number += 1,
                    Err(error) => expect_full(&error)?,
                }
            }
            Ok(())
        });
    }
    let trimmed = trim_in_between(&client).await;
    enough.store(true, Ordering::Release);
    crew.finish().await?;
    trimmed
}

/// Trims a store that others keep full. To be refused at times is one thing, to be refused each time another.
async fn trim_in_between(client: &StreamClient) -> Result<(), Failure> {
    let mut last = None;
    for _ in 0..TRIMS {
        let keep = Retention { max_events: Some(4), ..Retention::FOREVER };
        match client.storage.trim(&client.stream, &keep, Timestamp::now()).await {
            Ok(trimmed) if trimmed.events > 0 => return Ok(()),
            Ok(_) => {}
            Err(error) => {
                expect_full(&error)?;
                last = Some(error);
            }
        }
    }
    match last {
        Some(error) => Err(Failure::new(format!(
            "of {TRIMS} trims of a full store each was refused while publishers went on trying, the last one so: {error}"
        ))),
        None => Err(Failure::new("a full store says that there is nothing to trim")),
    }
}

async fn small(lab: &Lab) -> Result<Bench, Failure> {
    lab.small().await?.ok_or_else(|| Failure::new("the harness makes no small store any more"))
}

/// Commits from several sides until each is refused, and returns the commits that were. Each commit is of some events, a cursor
/// and a record, which are there only when it is.
async fn fill(
    client: &StreamClient,
    round: u64,
    accepted: &mut BTreeMap<Sequence, Event>,
) -> Result<Vec<Commit>, Failure> {
    let filled = together(WRITERS as usize, |writer| {
        let client = client.clone();
        async move {
            let mut kept = Vec::new();
            for number in 0..MOST_COMMITS {
                let commit = filling(round, writer as u64, number);
                match client.try_commit(&commit).await {
                    Ok(receipt) => kept.push((commit, receipt)),
                    Err(error) => {
                        expect_full(&error)?;
                        return Ok((kept, commit));
                    }
                }
            }
            Err(Failure::new(format!(
                "the harness calls it small, and it takes {} MiB and more",
                (MOST_COMMITS * WRITERS * BYTES as u64) >> 20
            )))
        }
    });
    let mut refused = Vec::new();
    for (kept, commit) in filled.await? {
        for (commit, receipt) in kept {
            note(accepted, &commit, &receipt)?;
        }
        refused.push(commit);
    }
    Ok(refused)
}

fn filling(round: u64, writer: u64, number: u64) -> Commit {
    let name = format!("{round}.{writer}.{number}");
    let size = BYTES / 4;
    let events = (0..4).map(|index| {
        event(&format!("/w{writer}"), vec![b'x'; size]).with_id(event_id(&format!("{name}.{index}")))
    });
    let record = RecordChange {
        key: key(&format!("{round}.{writer}")),
        expect: RecordExpect::Any,
        value: Some(Bytes::from(number.to_string())),
    };
    let moved = CursorMove::force(cursor(&format!("{round}.{writer}")), Sequence::ZERO.plus(number));
    Commit::append(events).with_id(commit_id(&name)).with_cursor(moved).with_record(record)
}

fn note(accepted: &mut BTreeMap<Sequence, Event>, commit: &Commit, receipt: &Receipt) -> Result<(), Failure> {
    for (new, placed) in commit.append.iter().zip(&receipt.events) {
        ensure_law!(
            Law::NoDuplicate,
            !placed.duplicate,
            "an id that was refused before is said to be known: {receipt:?}"
        );
        let event = Event::new(placed.sequence, new.clone());
        let before = accepted.insert(placed.sequence, event);
        ensure_law!(Law::Order, before.is_none(), "two commits were told the sequence {}", placed.sequence);
    }
    Ok(())
}

fn expect_full(error: &Error) -> Result<(), Failure> {
    ensure!(
        error.kind() == ErrorKind::StorageFull && error.effect() == Effect::NotApplied,
        "a store without room should answer StorageFull and NotApplied, and answers {:?} and {:?}: {error}",
        error.kind(),
        error.effect()
    );
    Ok(())
}

/// Everything that was accepted can be read, and nothing of what was refused is there.
async fn expect_whole(
    client: &StreamClient,
    accepted: &BTreeMap<Sequence, Event>,
    round: u64,
) -> Result<(), Failure> {
    let log =
        client.all(&eventweir::Selector::all()).await.map_err(|failure| failure.at("while it is full"))?;
    let whole =
        log.len() == accepted.len() && log.iter().zip(accepted.values()).all(|(read, kept)| **read == *kept);
    let read: Vec<_> = log.iter().map(|event| event.sequence.get()).collect();
    let kept: Vec<_> = accepted.keys().map(|sequence| sequence.get()).collect();
    ensure!(whole, "the full store accepted {kept:?}, and has {read:?}, or other events at these places");
    let head = client.bounds().await?.head;
    ensure!(
        accepted.last_key_value().map(|(last, _)| *last) == Some(head),
        "a refused commit has moved the head to {head}; accepted is {kept:?}"
    );
    for writer in 0..WRITERS {
        let name = format!("{round}.{writer}");
        let at =
            client.storage.cursor(&client.stream, &cursor(&name)).await?.map(|cursor| cursor.sequence.get());
        let record = client.storage.record(&client.stream, &key(&name)).await?;
        let record = record.and_then(|record| String::from_utf8_lossy(&record.value).parse().ok());
        let last = last_number(accepted, round, writer);
        ensure_law!(
            Law::Atomic,
            at == last && record == last,
            "the last accepted commit of {name} has the number {last:?}; its cursor is at {at:?}, its record holds {record:?}"
        );
    }
    Ok(())
}

fn last_number(accepted: &BTreeMap<Sequence, Event>, round: u64, writer: u64) -> Option<u64> {
    let of_writer = format!("{round}.{writer}.");
    let numbers = accepted.values().filter_map(|event| event.id.as_str().strip_prefix(&of_writer));
    numbers.filter_map(|rest| rest.split('.').next()?.parse().ok()).max()
}

/// Removes the older half. `false` when the store says, honestly, that it cannot even do that: then reading is all there is.
async fn make_room(client: &StreamClient, accepted: &mut BTreeMap<Sequence, Event>) -> Result<bool, Failure> {
    let keep = accepted.len() / 2;
    let retention = Retention { max_events: Some(keep as u64), ..Retention::FOREVER };
    loop {
        match client.storage.trim(&client.stream, &retention, Timestamp::now()).await {
            Ok(trimmed) if trimmed.more => {}
            Ok(trimmed) => {
                *accepted = accepted.split_off(&trimmed.bounds.first);
                ensure!(
                    accepted.len() == keep,
                    "a trim to {keep} events has left those from {} on",
                    trimmed.bounds.first
                );
                return Ok(true);
            }
            Err(error) => {
                expect_full(&error)?;
                return Ok(false);
            }
        }
    }
}

/// Commits what was refused: there is room now, and nothing is known of it.
async fn expect_forgotten(
    bench: &Bench,
    refused: Vec<Commit>,
    accepted: &mut BTreeMap<Sequence, Event>,
) -> Result<(), Failure> {
    for commit in refused {
        let receipt =
            bench.client.commit(&commit).await.map_err(|failure| failure.at("half of it was removed"))?;
        ensure_law!(
            Law::NoDuplicate,
            !receipt.repeated,
            "a commit that was refused is said to be known: {receipt:?}"
        );
        note(accepted, &commit, &receipt)?;
        if remembers_ids(bench.promises().dedup) {
            let again = bench.client.commit(&commit).await?;
            ensure_law!(
                Law::NoDuplicate,
                again.repeated,
                "a commit that was carried out at last is not known: {again:?}"
            );
        }
    }
    Ok(())
}

const WRITERS: u64 = 4;
/// Of a commit.
const BYTES: usize = 40_000;
/// Of a writer: 64 MiB of all of them.
const MOST_COMMITS: u64 = (64 << 20) / (WRITERS * BYTES as u64);
/// So many go on trying.
const CROWD: u64 = 128;
const TRIMS: usize = 50;
