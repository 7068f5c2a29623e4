//! Law *no-duplicate*: what is repeated with the same id has no second effect.

pub(crate) use super::clock::{
    a_callers_clock_forgets_no_id, an_id_is_known_for_its_window_by_the_stores_clock,
};

use crate::Failure;
use crate::failure::ensure;
use crate::storage::crew::together;
use crate::storage::lab::Lab;
use crate::storage::stream::StreamClient;
use crate::words::{commit_id, cursor, event, event_id, key, seq};
use bytes::Bytes;
use eventweir::{
    Commit, CursorMove, Expect, NewEvent, ReadQuery, Receipt, RecordChange, RecordExpect, Selector, Start,
};

fn with_id(id: &str, data: &'static str) -> NewEvent {
    event("/a", data).with_id(event_id(id))
}

/// Appends events and checks where they are said to be: sequence, and whether the id was known.
async fn expect_placed(
    client: &StreamClient,
    events: Vec<NewEvent>,
    expected: &[(u64, bool)],
) -> Result<Receipt, Failure> {
    let receipt = client.commit(&Commit::append(events)).await?;
    let placed: Vec<_> =
        receipt.events.iter().map(|placed| (placed.sequence.get(), placed.duplicate)).collect();
    ensure!(
        placed == expected,
        "the receipt should list (sequence, duplicate) {expected:?}, and lists {placed:?}"
    );
    Ok(receipt)
}

pub(crate) async fn a_repeated_event_is_appended_once(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    expect_placed(&client, vec![with_id("1", "first"), with_id("2", "second")], &[(1, false), (2, false)])
        .await?;
    // Another channel and other data make no other event of it.
    let again = event("/b", "other").with_id(event_id("2"));
    let receipt =
        expect_placed(&client, vec![again, with_id("3", "third")], &[(2, true), (3, false)]).await?;
    ensure!(receipt.head == seq(3), "a known id takes no sequence: the head is 3, not {}", receipt.head);
    expect_placed(&client, vec![with_id("1", "first")], &[(1, true)]).await?;
    let log = client.expect_log(3).await?;
    ensure!(*log[1].data == *b"second", "a repetition changed the event to {:?}", log[1].data);
    Ok(())
}

pub(crate) async fn an_event_repeated_in_its_commit_is_appended_once(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let events = vec![with_id("1", "a"), with_id("2", "b"), with_id("1", "c"), with_id("3", "d")];
    expect_placed(&client, events, &[(1, false), (2, false), (1, true), (3, false)]).await?;
    client.expect_log(3).await.map(drop)
}

pub(crate) async fn ids_are_compared_byte_for_byte(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let ids = [
        "1b671a64-40d5-491e-99b0-da01ff1f3341",
        "1B671A64-40D5-491E-99B0-DA01FF1F3341",
        "1b671a6440d5491e99b0da01ff1f3341",
        "a",
        "A",
        "a ",
        "é",
        "e\u{301}",
        "1",
        "01",
        &format!("{}a", "i".repeat(254)),
        &format!("{}b", "i".repeat(254)),
    ];
    for id in ids {
        client.publish(with_id(id, "x")).await?;
    }
    let log = client.expect_log(ids.len() as u64).await?;
    let read: Vec<_> = log.iter().map(|event| event.id.as_str()).collect();
    ensure!(read == ids, "the ids are {ids:?}, and are read as {read:?}");
    Ok(())
}

pub(crate) async fn an_id_outlives_its_event(lab: &Lab) -> Result<(), Failure> {
    let mut bench = lab.open().await?;
    bench.client.publish(with_id("1", "x")).await?;
    bench.client.keep(0).await?;
    if bench.survives() {
        bench = bench.reopen().await?;
    }
    expect_placed(&bench.client, vec![with_id("1", "x")], &[(1, true)]).await?;
    ensure!(bench.client.all(&Selector::all()).await?.is_empty(), "an event that was removed is back");
    Ok(())
}

pub(crate) async fn a_repeated_commit_has_no_second_effect(lab: &Lab) -> Result<(), Failure> {
    let mut bench = lab.open().await?;
    let (first, commit) = first_commit(&bench.client).await?;
    bench.client.fill("/b", 2).await?;
    let moved = CursorMove::advance(cursor("c"), seq(2), seq(3));
    bench.client.commit(&Commit::new().with_cursor(moved)).await?;
    if bench.survives() {
        bench = bench.reopen().await?;
    }
    // Its expectation, its cursor and its record do not hold any more; a repetition is not asked about them.
    // And neither is it carried out where it could be.
    let record = RecordChange { key: key("r"), expect: RecordExpect::Any, value: Some(Bytes::new()) };
    let other = Commit::append([event("/c", "other"), event("/c", "more")])
        .with_id(commit_id("c"))
        .with_cursor(CursorMove::force(cursor("c"), seq(1)))
        .with_record(record);
    for repetition in [commit, other] {
        let again = bench.client.commit(&repetition).await?;
        ensure!(again.repeated, "a commit with a known id was not recognised");
        let receipt = Receipt { repeated: true, ..first.clone() };
        ensure!(again == receipt, "a repetition should return {receipt:?}, and returned {again:?}");
    }
    expect_untouched(&bench.client).await
}

async fn first_commit(client: &StreamClient) -> Result<(Receipt, Commit), Failure> {
    let record =
        RecordChange { key: key("r"), expect: RecordExpect::Absent, value: Some(Bytes::from_static(b"1")) };
    let commit = Commit::append([event("/a", "1"), event("/a", "2")])
        .with_id(commit_id("c"))
        .with_expect(Expect::Head(seq(0)))
        .with_cursor(CursorMove::create(cursor("c"), seq(2)))
        .with_record(record);
    let first = client.commit(&commit).await?;
    ensure!(!first.repeated, "a new commit is said to be a repetition");
    Ok((first, commit))
}

async fn expect_untouched(client: &StreamClient) -> Result<(), Failure> {
    client.expect_log(4).await?;
    let place = client.storage.cursor(&client.stream, &cursor("c")).await?.map(|cursor| cursor.sequence);
    ensure!(place == Some(seq(3)), "a repetition moved the cursor from 3 to {place:?}");
    let version = client.storage.record(&client.stream, &key("r")).await?.map(|record| record.version);
    ensure!(version == Some(1), "a repetition changed the record from version 1 to {version:?}");
    Ok(())
}

pub(crate) async fn concurrent_retries_append_once(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    for round in 0..10 {
        let (event_retry, commit_retry) = (format!("e{round}"), format!("c{round}"));
        let receipts = together(8, |number| {
            let client = client.clone();
            let new = if number % 2 == 0 {
                Commit::append([event("/a", "x").with_id(event_id(&event_retry))])
            } else {
                Commit::append([event("/a", "y")]).with_id(commit_id(&commit_retry))
            };
            async move { Ok((number % 2, client.commit(&new).await?.events[0].sequence)) }
        })
        .await?;
        for kind in [0, 1] {
            let mut places: Vec<_> =
                receipts.iter().filter(|(of, _)| *of == kind).map(|(_, place)| *place).collect();
            places.dedup();
            ensure!(places.len() == 1, "retries at the same time were told different sequences: {places:?}");
        }
    }
    client.expect_log(20).await.map(drop)
}

pub(crate) async fn a_reader_that_resumes_sees_nothing_twice(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 10).await?;
    for limit in 1..=11 {
        let mut query = ReadQuery::new(Selector::all(), Start::Earliest).with_limit(limit);
        let mut seen = Vec::new();
        for _ in 0..12 {
            let page = client.read(&query).await?;
            seen.extend(page.events.iter().map(|event| event.sequence.get()));
            query.start = Start::At(page.position());
        }
        ensure!(seen.iter().copied().eq(1..=10), "resuming in pages of {limit}, a reader saw {seen:?}");
    }
    Ok(())
}
