//! Law *durable*: what was acknowledged survives, with everything that is known about it.
//!
//! Here a store is ended and opened again in one process; `killed.rs` ends the process. What a disk does when the power goes is
//! nothing that a program can find out.

pub(crate) use super::killed::{
    a_process_that_stood_still_loses_nothing, killed_it_keeps_what_it_acknowledged,
};

use crate::Failure;
use crate::failure::ensure;
use crate::storage::lab::Lab;
use crate::storage::stream::StreamClient;
use crate::words::{channel, commit_id, cursor, event, event_id, key, seq};
use bytes::Bytes;
use eventweir::{
    Bounds, Commit, Cursor, CursorMove, Event, Expect, ReadQuery, Record, RecordChange, RecordExpect,
    Selector, Start,
};
use std::sync::Arc;

pub(crate) async fn everything_survives_a_restart(lab: &Lab) -> Result<(), Failure> {
    let mut bench = lab.open().await?;
    fill(&bench.client).await?;
    let before = Everything::of(&bench.client).await?;
    for _ in 0..2 {
        bench = bench.reopen().await?;
        let after = Everything::of(&bench.client).await?;
        ensure!(after == before, "before the restart there was {before:?}, and after it there is {after:?}");
    }
    // And it goes on where it was.
    let next = bench.client.publish(event("/a", "after")).await?;
    ensure!(next == before.bounds.head.next(), "after a restart at {} came {next}", before.bounds.head);
    let expected = Commit::append([event("/b", "")]).with_expect(Expect::ChannelHead(channel("/b"), seq(6)));
    bench.client.commit(&expected).await.map(drop)
}

async fn fill(client: &StreamClient) -> Result<(), Failure> {
    client.fill("/a", 5).await?;
    let record =
        RecordChange { key: key("r"), expect: RecordExpect::Any, value: Some(Bytes::from_static(b"\0v")) };
    let commit = Commit::append([event("/b", "last")])
        .with_cursor(CursorMove::create(cursor("c"), seq(4)))
        .with_record(record);
    client.commit(&commit).await?;
    let change = RecordChange {
        key: key("r"),
        expect: RecordExpect::Version(1),
        value: Some(Bytes::from_static(b"w")),
    };
    client.commit(&Commit::new().with_record(change)).await?;
    client.keep(4).await.map(drop)
}

#[derive(Debug, PartialEq)]
struct Everything {
    bounds: Bounds,
    events: Vec<Arc<Event>>,
    gap: Option<eventweir::Gap>,
    cursor: Option<Cursor>,
    record: Option<Record>,
}

impl Everything {
    async fn of(client: &StreamClient) -> Result<Self, Failure> {
        let page = client.read(&ReadQuery::new(Selector::all(), Start::After(seq(0)))).await?;
        Ok(Self {
            bounds: client.bounds().await?,
            events: page.events,
            gap: page.gap,
            cursor: client.storage.cursor(&client.stream, &cursor("c")).await?,
            record: client.storage.record(&client.stream, &key("r")).await?,
        })
    }
}

pub(crate) async fn an_epoch_that_was_shown_survives(lab: &Lab) -> Result<(), Failure> {
    let bench = lab.open().await?;
    let shown = bench.client.bounds().await?;
    let bench = bench.reopen().await?;
    let after = bench.client.bounds().await?;
    ensure!(after == shown, "an empty stream was shown as {shown:?}, and is {after:?} after a restart");
    Ok(())
}

pub(crate) async fn ids_survive_a_restart(lab: &Lab) -> Result<(), Failure> {
    let mut bench = lab.open().await?;
    let commit = Commit::append([event("/a", "x").with_id(event_id("e"))]).with_id(commit_id("c"));
    let first = bench.client.commit(&commit).await?;
    bench = bench.reopen().await?;
    let again = bench.client.commit(&commit).await?;
    ensure!(
        again.repeated && again.events == first.events,
        "a commit repeated after a restart got {again:?}"
    );
    let event = Commit::append([event("/a", "x").with_id(event_id("e"))]);
    let again = bench.client.commit(&event).await?.events[0];
    ensure!(again.duplicate && again.sequence == seq(1), "an event repeated after a restart got {again:?}");
    bench.client.expect_log(1).await.map(drop)
}
