//! Law *isolation*: nobody waits for a reader, a call keeps to its limits, and streams share nothing.

use crate::Failure;
use crate::failure::ensure;
use crate::storage::lab::Lab;
use crate::words::{channel, commit_id, cursor, event, event_id, key, seq};
use bytes::Bytes;
use eventweir::{Commit, CursorMove, ReadQuery, RecordChange, RecordExpect, Selector, Start};
use futures_util::FutureExt;

pub(crate) async fn a_reader_that_stops_holds_nobody_up(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 500).await?;
    let query = ReadQuery::new(Selector::all(), Start::Earliest).with_limit(500);
    // Followers that never look, pages that are kept, and reads that are begun and left.
    let _silent: Vec<_> = (0..50).map(|_| client.storage.wakeups(&client.stream)).collect();
    let mut kept = Vec::new();
    let mut left: Vec<_> = (0..50).map(|_| client.storage.read(&client.stream, &query)).collect();
    for read in &mut left {
        let _ = read.now_or_never();
    }
    for _ in 0..20 {
        kept.push(client.read(&query).await?);
        client.fill("/a", 5).await?;
        client.keep(400).await?;
    }
    drop(left);
    let head = client.bounds().await?.head;
    ensure!(
        head == seq(600),
        "500 and 100 events were committed beside idle readers, and the head is {head}"
    );
    Ok(())
}

pub(crate) async fn pages_keep_to_their_limits(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    for _ in 0..4 {
        client.commit(&Commit::append((0..25).map(|_| event("/a", vec![0; 1000])))).await?;
    }
    let all = ReadQuery::new(Selector::all(), Start::Earliest);
    for limit in [1, 10, 99] {
        let count = client.read(&all.clone().with_limit(limit)).await?.events.len();
        ensure!(count <= limit, "a page of at most {limit} events holds {count}");
    }
    for most in [1_000, 2_500, 10_000] {
        let query = all.clone().with_limit(usize::MAX).with_max_bytes(most);
        let count = client.read(&query).await?.events.len();
        let allowed = most.div_ceil(1_000);
        ensure!(count <= allowed, "a page that stops at {most} bytes holds {count} events of 1000 bytes");
    }
    let whole = client.walk(&all.with_limit(usize::MAX).with_max_bytes(usize::MAX)).await?.len();
    ensure!(whole == 100, "a page without limits finds {whole} of 100 events");
    Ok(())
}

pub(crate) async fn streams_share_nothing(lab: &Lab) -> Result<(), Failure> {
    let one = lab.client().await?;
    let other = one.elsewhere();
    let record = || RecordChange { key: key("r"), expect: RecordExpect::Absent, value: Some(Bytes::new()) };
    let commit = Commit::append([event("/a", "1").with_id(event_id("e")), event("/b", "2")])
        .with_id(commit_id("c"))
        .with_cursor(CursorMove::create(cursor("c"), seq(1)))
        .with_record(record());
    for client in [&one, &other] {
        let receipt = client.commit(&commit).await?;
        let fresh = !receipt.repeated && receipt.events.iter().all(|placed| !placed.duplicate);
        ensure!(
            fresh && receipt.head == seq(2),
            "what was committed to one stream changes another: {receipt:?}"
        );
    }
    let (first, second) = (one.bounds().await?.epoch, other.bounds().await?.epoch);
    ensure!(
        first != second,
        "two streams have the same epoch, so that one's positions are taken by the other"
    );
    one.keep(0).await?;
    if let Some(catalog) = one.storage.catalog() {
        catalog.delete_channel(&one.stream, &channel("/a")).await?;
        catalog.delete_stream(&one.stream).await?;
    }
    other.expect_log(2).await?;
    let place = other.storage.cursor(&other.stream, &cursor("c")).await?;
    ensure!(place.is_some(), "removing one stream removed another's cursor");
    Ok(())
}
