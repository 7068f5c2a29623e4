//! Law *atomic*: a commit happens wholly or not at all, and is seen so.

use crate::Failure;
use crate::failure::ensure;
use crate::storage::crew::Crew;
use crate::storage::lab::Lab;
use crate::storage::properties::tail::{self, Sentinel};
use crate::storage::stream::StreamClient;
use crate::words::{commit_id, cursor, event, event_id, key, seq};
use bytes::Bytes;
use eventweir::{
    Commit, CursorMove, Direction, Event, Expect, ReadQuery, RecordChange, RecordExpect, Selector, Sequence,
    Start,
};
use futures_util::FutureExt;
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) async fn a_refused_commit_leaves_nothing_behind(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 2).await?;
    for (number, wrong) in wrong_in_one_thing().into_iter().enumerate() {
        let what = format!("{wrong:?}");
        let id = format!("c{number}");
        let commit = complete(wrong).with_id(commit_id(&id));
        ensure!(
            client.try_commit(&commit).await.is_err(),
            "this should be refused, and was carried out: {what}"
        );
        expect_nothing(&client, &what).await?;
        // Nothing of it is remembered either: neither its own id nor that of its event.
        let retry = Commit::append([event("/x", "").with_id(event_id(&id))]).with_id(commit_id(&id));
        let again = client.commit(&retry).await?;
        ensure!(!again.repeated && !again.events[0].duplicate, "a refused commit is remembered: {what}");
    }
    Ok(())
}

fn wrong_in_one_thing() -> Vec<Commit> {
    let absent =
        |name| RecordChange { key: key(name), expect: RecordExpect::Version(9), value: Some(Bytes::new()) };
    vec![
        Commit::new().with_expect(Expect::Head(seq(77))),
        Commit::new().with_cursor(CursorMove::advance(cursor("absent"), seq(1), seq(2))),
        Commit::new().with_cursor(CursorMove::create(cursor("beyond"), seq(1_000))),
        Commit::new().with_record(absent("absent")),
    ]
}

/// Adds an event, a cursor and a record that nothing is wrong with, before and after what is wrong.
fn complete(wrong: Commit) -> Commit {
    let record = |name| RecordChange { key: key(name), expect: RecordExpect::Any, value: Some(Bytes::new()) };
    let mut commit = Commit::append([event("/refused", "")]);
    commit.expect = wrong.expect;
    commit.cursors = vec![CursorMove::create(cursor("before"), seq(1))];
    commit.cursors.extend(wrong.cursors);
    commit.records = vec![record("before")];
    commit.records.extend(wrong.records);
    commit.with_cursor(CursorMove::create(cursor("after"), seq(1))).with_record(record("after"))
}

async fn expect_nothing(client: &StreamClient, what: &str) -> Result<(), Failure> {
    let log = client.all(&Selector::all()).await?;
    let appended = log.iter().any(|event| event.channel.as_str() == "/refused");
    ensure!(!appended, "the event of a refused commit is in the log: {what}");
    for name in ["before", "after"] {
        let moved = client.storage.cursor(&client.stream, &cursor(name)).await?;
        ensure!(moved.is_none(), "the cursor of a refused commit exists: {what}");
        let changed = client.storage.record(&client.stream, &key(name)).await?;
        ensure!(changed.is_none(), "the record of a refused commit exists: {what}");
    }
    Ok(())
}

pub(crate) async fn batches_are_seen_whole(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let sentinel = Sentinel::new();
    let mut readers = Crew::new();
    for direction in [Direction::Ascending, Direction::Descending] {
        readers.start(watch_batches(client.clone(), direction, sentinel.clone()));
    }
    tail::write_side_by_side(&client, &sentinel).await?;
    readers.finish().await.map(drop)
}

/// Reads the newest events again and again: of each batch a page has all or nothing, its oldest one excepted where the page's
/// limit cuts it.
async fn watch_batches(
    client: StreamClient,
    direction: Direction,
    sentinel: Sentinel,
) -> Result<(), Failure> {
    loop {
        let head = client.bounds().await?.head;
        let start = match direction {
            Direction::Ascending => Start::Earliest,
            Direction::Descending => Start::After(Sequence::ZERO),
        };
        let query = ReadQuery::new(Selector::all(), start).with_limit(usize::MAX).with_direction(direction);
        let page = client.read(&query).await?;
        if !page.more {
            expect_whole(&page.events)?;
        }
        if sentinel.is_passed(head) {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

fn expect_whole(events: &[Arc<Event>]) -> Result<(), Failure> {
    let mut batches: HashMap<&str, usize> = HashMap::new();
    for event in events {
        *batches.entry(std::str::from_utf8(&event.data).unwrap_or_default()).or_default() += 1;
    }
    for (name, count) in batches {
        let size = name.rsplit(':').next().unwrap_or_default();
        ensure!(
            size == count.to_string(),
            "a page holds {count} of the {size} events of one commit ({name})"
        );
    }
    Ok(())
}

pub(crate) async fn events_cursors_and_records_appear_together(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let writer = client.clone();
    let mut crew = Crew::new();
    crew.start(async move {
        for round in 1..=ROUNDS {
            let record = RecordChange { key: key("r"), expect: RecordExpect::Any, value: Some(Bytes::new()) };
            let cursor = CursorMove::force(cursor("c"), seq(round));
            writer.commit(&Commit::append([event("/a", "")]).with_cursor(cursor).with_record(record)).await?;
        }
        Ok(())
    });
    let reader = client.clone();
    crew.start(async move {
        // Each looks no less far than the one before: they move in one step, and only on.
        let mut least = 0;
        while least < ROUNDS {
            for (what, seen) in [
                ("the head", reader.bounds().await?.head.get()),
                ("the cursor", place(&reader).await?),
                ("the record", version(&reader).await?),
                ("the head", reader.bounds().await?.head.get()),
            ] {
                // Evaluated one after the other, in this order.
                ensure!(seen >= least, "commit {least} was seen, and then {what} is at {seen}");
                least = seen;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    });
    crew.finish().await.map(drop)
}

async fn place(client: &StreamClient) -> Result<u64, Failure> {
    let found = client.storage.cursor(&client.stream, &cursor("c")).await?;
    Ok(found.map_or(0, |cursor| cursor.sequence.get()))
}

async fn version(client: &StreamClient) -> Result<u64, Failure> {
    let found = client.storage.record(&client.stream, &key("r")).await?;
    Ok(found.map_or(0, |record| record.version))
}

pub(crate) async fn a_dropped_commit_happens_wholly_or_not_at_all(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    for round in 0..ROUNDS {
        let name = format!("d{round}");
        let batch = || (0..3).map(|n| event("/a", format!("{n}")).with_id(event_id(&format!("{name}.{n}"))));
        let commit = Commit::append(batch()).with_id(commit_id(&name));
        // Asked once whether it is done, and then dropped: on its way, or not even begun.
        let _ = client.try_commit(&commit).now_or_never();
        expect_all_or_none(&client, &name).await?;
        // So that the parts of a commit in two parts do not stand side by side.
        client.publish(event("/between", name.clone())).await?;
        let retried = client.try_commit(&commit).await?;
        let places: Vec<u64> = retried.events.iter().map(|placed| placed.sequence.get()).collect();
        ensure!(
            places.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "the retry of a dropped commit finds parts of it at {places:?}"
        );
    }
    if crate::property::remembers_ids(client.storage.promises().dedup) {
        client.expect_log(4 * ROUNDS).await?;
    }
    Ok(())
}

/// Looks how much there is of a batch that may still be on its way.
async fn expect_all_or_none(client: &StreamClient, name: &str) -> Result<(), Failure> {
    let log = client.all(&Selector::all()).await?;
    let of_it = |event: &&Arc<Event>| event.id.as_str().split('.').next() == Some(name);
    let count = log.iter().filter(of_it).count();
    ensure!(count == 0 || count == 3, "of a commit of 3 events that was dropped {count} are in the log");
    Ok(())
}

const ROUNDS: u64 = 30;
