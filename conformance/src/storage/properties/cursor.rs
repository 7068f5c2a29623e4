//! Law *cursor*: cursors, records and expectations are compare-and-set, and a cursor never goes back unforced.

use crate::Failure;
use crate::failure::ensure;
use crate::storage::crew::together;
use crate::storage::lab::Lab;
use crate::storage::stream::StreamClient;
use crate::words::{channel, cursor, event, key, seq};
use bytes::Bytes;
use eventweir::{
    Commit, CursorExpect, CursorMove, CursorTarget, ErrorKind, Expect, RecordChange, RecordExpect, Timestamp,
};

/// Makes a move and checks whether it was refused, and where the cursor is now.
async fn expect_move(
    client: &StreamClient,
    change: CursorMove,
    refused: Option<ErrorKind>,
    place: Option<u64>,
) -> Result<(), Failure> {
    let result = client.try_commit(&Commit::new().with_cursor(change.clone())).await;
    let kind = result.err().map(|error| error.kind());
    ensure!(kind == refused, "{change:?} should be refused as {refused:?}, and ended with {kind:?}");
    let found = client.storage.cursor(&client.stream, &change.name).await?;
    let at = found.as_ref().map(|cursor| cursor.sequence.get());
    ensure!(at == place, "after {change:?} the cursor should be at {place:?}, and is at {at:?}");
    if let (None, Some(found)) = (refused, &found) {
        ensure!(
            found.moved == change.time,
            "the cursor should say it moved at {}, and says {}",
            change.time,
            found.moved
        );
    }
    Ok(())
}

pub(crate) async fn cursors_are_compare_and_set(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 10).await?;
    let c = || cursor("c");
    let (conflict, invalid) = (Some(ErrorKind::Conflict), Some(ErrorKind::InvalidInput));
    let advance = |from, to| CursorMove::advance(c(), seq(from), seq(to));
    let unforced = CursorMove::new(c(), CursorExpect::Anywhere, CursorTarget::To(seq(9)));
    let mut timed = advance(3, 5);
    timed.time = Timestamp::from_millis(1_234_567);
    for (change, refused, place) in [
        (advance(0, 3), conflict, None),
        (CursorMove::create(c(), seq(3)), None, Some(3)),
        (CursorMove::create(c(), seq(4)), conflict, Some(3)),
        (timed, None, Some(5)),
        (advance(5, 5), None, Some(5)),
        (advance(4, 6), conflict, Some(5)),
        (advance(5, 4), conflict, Some(5)),
        (advance(5, 11), invalid, Some(5)),
        (unforced, invalid, Some(5)),
        (CursorMove::force(c(), seq(11)), invalid, Some(5)),
        (CursorMove::force(c(), seq(2)), None, Some(2)),
        (CursorMove::remove(c()), None, None),
        (CursorMove::remove(c()), None, None),
        (CursorMove::create(c(), seq(1)), None, Some(1)),
        (CursorMove::new(c(), CursorExpect::At(seq(2)), CursorTarget::Removed), conflict, Some(1)),
        (CursorMove::new(c(), CursorExpect::At(seq(1)), CursorTarget::Removed), None, None),
    ] {
        expect_move(&client, change, refused, place).await?;
    }
    Ok(())
}

pub(crate) async fn a_cursor_may_reach_the_head_of_its_own_commit(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let to =
        |at| Commit::append([event("/a", "output")]).with_cursor(CursorMove::force(cursor("c"), seq(at)));
    client.commit(&to(1)).await?;
    ensure!(client.try_commit(&to(3)).await.is_err(), "a cursor went beyond the head of its own commit");
    client.commit(&to(2)).await.map(drop)
}

pub(crate) async fn a_cursor_outlives_the_events_it_passed(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 5).await?;
    client.commit(&Commit::new().with_cursor(CursorMove::create(cursor("c"), seq(2)))).await?;
    client.keep(0).await?;
    expect_move(&client, CursorMove::advance(cursor("c"), seq(2), seq(4)), None, Some(4)).await
}

pub(crate) async fn one_of_many_movers_wins(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 20).await?;
    client.commit(&Commit::new().with_cursor(CursorMove::create(cursor("c"), seq(0)))).await?;
    for round in 0..20 {
        let advance = CursorMove::advance(cursor("c"), seq(round), seq(round + 1));
        expect_one(&client, Commit::new().with_cursor(advance)).await?;
    }
    Ok(())
}

pub(crate) async fn one_of_many_expecting_writers_wins(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    for round in 0..20 {
        let head = Expect::Head(seq(2 * round));
        expect_one(&client, Commit::append([event("/a", "")]).with_expect(head)).await?;
        let last = if round == 0 { 0 } else { 2 * round };
        let channel_head = Expect::ChannelHead(channel("/b"), seq(last));
        expect_one(&client, Commit::append([event("/b", "")]).with_expect(channel_head)).await?;
    }
    client.expect_log(40).await.map(drop)
}

/// Lets several clients try the same at the same time: one of them succeeds, the others are told a conflict.
async fn expect_one(client: &StreamClient, commit: Commit) -> Result<(), Failure> {
    let wins = together(4, |number| {
        let (client, mut commit) = (client.clone(), commit.clone());
        // Four different wishes, not one wish repeated.
        commit.append.iter_mut().for_each(|new| *new = event(new.channel.as_str(), number.to_string()));
        async move {
            match client.try_commit(&commit).await {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
                Err(error) => Err(error.into()),
            }
        }
    });
    let wins = wins.await?.into_iter().filter(|won| *won).count();
    ensure!(wins == 1, "of 4 clients with the same expectation {wins} succeeded: {commit:?}");
    Ok(())
}

pub(crate) async fn records_are_compare_and_set(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let conflict = Some(ErrorKind::Conflict);
    for (expect, value, refused, version) in [
        (RecordExpect::Version(1), Some("x"), conflict, None),
        (RecordExpect::Absent, Some("a"), None, Some(1)),
        (RecordExpect::Absent, Some("x"), conflict, Some(1)),
        (RecordExpect::Version(1), Some("b"), None, Some(2)),
        (RecordExpect::Version(1), Some("x"), conflict, Some(2)),
        (RecordExpect::Any, Some(""), None, Some(3)),
        // The same value again is a change, too.
        (RecordExpect::Any, Some(""), None, Some(4)),
        (RecordExpect::Version(3), None, conflict, Some(4)),
        (RecordExpect::Version(4), None, None, None),
        (RecordExpect::Any, None, None, None),
        (RecordExpect::Any, Some("c"), None, Some(1)),
    ] {
        let change = RecordChange { key: key("r"), expect, value: value.map(Bytes::from) };
        let kind =
            client.try_commit(&Commit::new().with_record(change)).await.err().map(|error| error.kind());
        ensure!(kind == refused, "{expect:?} should be refused as {refused:?}, and ended with {kind:?}");
        let found = client.storage.record(&client.stream, &key("r")).await?;
        let found = found.as_ref().map(|record| record.version);
        ensure!(found == version, "the record should have version {version:?}, and has {found:?}");
    }
    Ok(())
}

pub(crate) async fn concurrent_counters_lose_nothing(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    together(WRITERS, |_| {
        let client = client.clone();
        async move {
            for _ in 0..ROUNDS {
                increment(&client).await?;
            }
            Ok(())
        }
    })
    .await?;
    let record = client.storage.record(&client.stream, &key("counter")).await?;
    let expected = WRITERS as u64 * ROUNDS;
    let counted = record.map(|record| (record.version, record.value));
    ensure!(
        counted == Some((expected, Bytes::from(expected.to_string()))),
        "a counter raised {expected} times stands at {counted:?}"
    );
    Ok(())
}

/// Reads the counter and writes one more, until nobody was faster.
async fn increment(client: &StreamClient) -> Result<(), Failure> {
    loop {
        let record = client.storage.record(&client.stream, &key("counter")).await?;
        let (expect, count) = match record {
            None => (RecordExpect::Absent, 0),
            Some(record) => {
                let text = String::from_utf8_lossy(&record.value).into_owned();
                let count =
                    text.parse::<u64>().map_err(|_| Failure::new(format!("the counter holds {text:?}")))?;
                (RecordExpect::Version(record.version), count)
            }
        };
        let value = Some(Bytes::from((count + 1).to_string()));
        let change = RecordChange { key: key("counter"), expect, value };
        match client.try_commit(&Commit::new().with_record(change)).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) => return Err(error.into()),
        }
    }
}

const WRITERS: usize = 4;
const ROUNDS: u64 = 15;
