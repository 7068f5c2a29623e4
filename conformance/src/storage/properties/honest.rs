//! Law *honest*: `Ok` and errors mean what they say.

pub(crate) use super::clock::a_trim_by_age_keeps_what_is_young;
pub(crate) use super::full::{
    a_full_store_is_trimmed_while_publishers_insist, a_full_store_refuses_and_goes_on,
};

use crate::Failure;
use crate::failure::ensure;
use crate::storage::lab::Lab;
use crate::storage::stream::StreamClient;
use crate::storage::verify::check_refusal;
use crate::words::{channel, cursor, event, key, seq};
use bytes::Bytes;
use eventweir::jobs::JobId;
use eventweir::{
    Commit, CursorMove, ErrorKind, Expect, JobChange, QueueName, ReadQuery, Record, RecordChange,
    RecordExpect, Retention, Selector, Start, Timestamp,
};

/// Checks that a commit is refused as what it is, and that nothing happened.
async fn expect_refused(client: &StreamClient, commit: Commit, kind: ErrorKind) -> Result<(), Failure> {
    let before = client.bounds().await?;
    match client.try_commit(&commit).await {
        Ok(_) => {
            return Err(Failure::new(format!(
                "this should be refused as {kind:?}, and was carried out: {commit:?}"
            )));
        }
        Err(error) => check_refusal(&[kind], &error)?,
    }
    let after = client.bounds().await?;
    ensure!(before == after, "a commit refused as {kind:?} changed the stream from {before:?} to {after:?}");
    Ok(())
}

pub(crate) async fn refusals_say_what_is_wrong(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 2).await?;
    let with = || Commit::append([event("/a", "refused")]);
    let create = |at| CursorMove::create(cursor("c"), seq(at));
    let record = |size| RecordChange {
        key: key("r"),
        expect: RecordExpect::Any,
        value: Some(Bytes::from(vec![0; size])),
    };
    let refused = [
        (with().with_expect(Expect::Head(seq(1))), ErrorKind::Conflict),
        (with().with_expect(Expect::ChannelHead(channel("/a"), seq(1))), ErrorKind::Conflict),
        (with().with_expect(Expect::ChannelHead(channel("/b"), seq(2))), ErrorKind::Conflict),
        (with().with_cursor(create(4)), ErrorKind::InvalidInput),
        (with().with_cursor(create(1)).with_cursor(create(1)), ErrorKind::InvalidInput),
        (with().with_record(record(1)).with_record(record(1)), ErrorKind::InvalidInput),
        (with().with_record(record(Record::MAX_BYTES + 1)), ErrorKind::TooLarge),
    ];
    for (commit, kind) in refused {
        expect_refused(&client, commit, kind).await?;
    }
    client.commit(&with().with_record(record(Record::MAX_BYTES)).with_cursor(create(3))).await.map(drop)
}

pub(crate) async fn jobs_are_refused_by_a_store_without_them(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    if client.storage.jobs().is_some() {
        return Ok(());
    }
    let mut commit = Commit::append([event("/a", "with a job")]);
    commit.jobs.push(JobChange::Enqueue {
        id: JobId::generate(),
        queue: QueueName::new("q")?,
        payload: Bytes::new(),
        run_at: Timestamp::MIN,
        priority: 0,
    });
    expect_refused(&client, commit, ErrorKind::Unsupported).await
}

pub(crate) async fn a_closed_store_says_so(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 1).await?;
    let (storage, stream) = (&client.storage, &client.stream);
    storage.close().await?;
    let kinds = [
        ("commit", client.try_commit(&Commit::append([event("/a", "late")])).await.err()),
        ("read", storage.read(stream, &ReadQuery::new(Selector::all(), Start::Earliest)).await.err()),
        ("bounds", storage.bounds(stream).await.err()),
        ("cursor", storage.cursor(stream, &cursor("c")).await.err()),
        ("record", storage.record(stream, &key("r")).await.err()),
        ("trim", storage.trim(stream, &Retention::FOREVER, Timestamp::now()).await.err()),
    ];
    for (call, error) in kinds {
        let kind = error.map(|error| error.kind());
        ensure!(
            kind == Some(ErrorKind::Closed),
            "{call} on a closed store should say Closed, and says {kind:?}"
        );
    }
    // Closing twice is no mistake: what shuts a broker down may come from several sides.
    storage.close().await.map_err(Failure::from).map_err(|failure| failure.at("closing a second time"))
}

pub(crate) async fn usage_counts_what_is_there(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.commit(&Commit::append((0..4).map(|_| event("/a", vec![0; 10])))).await?;
    client.fill("/b", 1).await?;
    client.keep(3).await?;
    client.commit(&Commit::new().with_cursor(CursorMove::create(cursor("c"), seq(1)))).await?;
    let Some(catalog) = client.storage.catalog() else { return Ok(()) };
    let usage = catalog.usage(&client.stream).await?;
    let counted = (usage.events, usage.bytes, usage.channels, usage.cursors);
    ensure!(
        counted == (3, 21, 2, 1),
        "there are 3 events of 21 bytes in 2 channels, and 1 cursor; counted are {counted:?}"
    );
    Ok(())
}
