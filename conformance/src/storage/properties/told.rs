//! Law *told*: what a reader missed is reported, never passed over in silence, and nothing else is reported.

use crate::Failure;
use crate::failure::ensure;
use crate::storage::lab::Lab;
use crate::storage::script::other_epoch;
use crate::storage::stream::StreamClient;
use crate::words::{channel, event, pattern, scopes, seq, source};
use eventweir::{Gap, Page, Position, ReadQuery, Reset, Scope, Selector, Start};

async fn read(client: &StreamClient, selector: Selector, start: Start) -> Result<Page, Failure> {
    client.read(&ReadQuery::new(selector, start)).await
}

fn expect_gap(page: &Page, what: &str, gap: Option<Gap>) -> Result<(), Failure> {
    ensure!(page.gap == gap, "{what}: the page should tell {gap:?}, and tells {:?}", page.gap);
    Ok(())
}

pub(crate) async fn a_trim_is_told_to_those_it_concerns(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 6).await?;
    client.keep(2).await?;
    let epoch = client.bounds().await?.epoch;
    let all = Selector::all;
    let missed = |after| Some(Gap { after: seq(after), resume_at: seq(5) });
    for selector in [all(), Selector::exact(channel("/a")), Selector::subtree(channel("/a"))] {
        let page = read(&client, selector, Start::After(seq(0))).await?;
        expect_gap(&page, "after 0, with 1 to 4 removed", missed(0))?;
        ensure!(page.events.len() == 2, "a page that tells a gap should hold the 2 retained events");
    }
    let at = |sequence| Start::At(Position::new(epoch, seq(sequence)));
    expect_gap(&read(&client, all(), at(3)).await?, "at 3, with 4 removed", missed(3))?;
    expect_gap(&read(&client, all(), at(4)).await?, "at 4, with nothing removed beyond it", None)?;
    expect_gap(&read(&client, all(), Start::Earliest).await?, "from the earliest", None)?;
    expect_gap(&read(&client, all(), Start::Latest).await?, "from the latest", None)
}

pub(crate) async fn an_emptied_stream_is_told(lab: &Lab) -> Result<(), Failure> {
    let mut bench = lab.open().await?;
    bench.client.fill("/a", 3).await?;
    bench.client.keep(0).await?;
    if bench.survives() {
        bench = bench.reopen().await?;
    }
    let page = read(&bench.client, Selector::exact(channel("/a")), Start::After(seq(1))).await?;
    expect_gap(&page, "after 1, with 2 and 3 removed", Some(Gap { after: seq(1), resume_at: seq(4) }))?;
    ensure!(
        page.through == seq(3),
        "the page of an emptied stream reaches its head 3, and says {}",
        page.through
    );
    Ok(())
}

pub(crate) async fn a_gap_is_told_in_every_selection(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    for name in ["/a", "/a/b", "/a/b/c", "/x"] {
        client.publish(event(name, "removed")).await?;
    }
    client.keep(0).await?;
    for name in ["/a", "/a/b", "/a/b/c", "/x"] {
        client.publish(event(name, "kept")).await?;
    }
    let selectors = [
        (Selector::exact(channel("/a/b")), 2),
        (Selector::ancestors(channel("/a/b/c")), 3),
        (Selector::subtree(channel("/a")), 3),
        (Selector::pattern(pattern("/a/*")), 2),
        (Selector::all().except(source("me")), 4),
        (scopes([Scope::Exact(channel("/a")), Scope::Exact(channel("/x"))]), 4),
    ];
    for (selector, last) in selectors {
        let what = format!("{:?}", selector.scopes());
        let gap = read(&client, selector, Start::After(seq(0))).await?.gap;
        let told =
            gap.is_some_and(|gap| gap.after == seq(0) && (last + 1..=5).contains(&gap.resume_at.get()));
        ensure!(told, "{what}: events up to {last} were removed, all up to 4, and the page tells {gap:?}");
    }
    Ok(())
}

pub(crate) async fn a_deletion_is_told_to_its_readers(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 2).await?;
    client.fill("/b", 2).await?;
    let Some(catalog) = client.storage.catalog() else { return Ok(()) };
    catalog.delete_channel(&client.stream, &channel("/b")).await?;
    let gap = Some(Gap { after: seq(1), resume_at: seq(5) });
    for selector in [Selector::exact(channel("/b")), Selector::subtree(channel("/b")), Selector::all()] {
        let page = read(&client, selector, Start::After(seq(1))).await?;
        expect_gap(&page, "after 1, with 3 and 4 deleted", gap)?;
    }
    client.publish(event("/b", "again")).await?;
    let page = read(&client, Selector::exact(channel("/b")), Start::After(seq(4))).await?;
    expect_gap(&page, "after what was deleted", None)?;
    ensure!(page.events.len() == 1, "a channel used again after its deletion should show its event");
    Ok(())
}

pub(crate) async fn deletions_are_counted(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 3).await?;
    client.fill("/b", 3).await?;
    let Some(catalog) = client.storage.catalog() else { return Ok(()) };
    let mut before = client.bounds().await?.deletions;
    for name in ["/a", "/b"] {
        catalog.delete_channel(&client.stream, &channel(name)).await?;
        let after = client.bounds().await?.deletions;
        ensure!(
            after > before,
            "{name} was deleted, and the count of deletions went from {before} to {after}"
        );
        let page = read(&client, Selector::all(), Start::After(seq(0))).await?;
        ensure!(
            page.bounds.deletions >= after,
            "the bounds show {after} deletions, and a later page {}",
            page.bounds.deletions
        );
        before = after;
    }
    // Retention is no deletion: brokers would let go of what they keep in memory all the time.
    client.fill("/a", 5).await?;
    client.keep(1).await?;
    let after = client.bounds().await?.deletions;
    ensure!(after == before, "a trim changed the count of deletions from {before} to {after}");
    Ok(())
}

pub(crate) async fn another_epoch_is_told(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 4).await?;
    client.keep(3).await?;
    let epoch = client.bounds().await?.epoch;
    for sequence in [0, 2, 4, 1_000_000] {
        let refused = Position::new(other_epoch(epoch), seq(sequence));
        let page = read(&client, Selector::all(), Start::At(refused)).await?;
        let reset = Some(Reset { refused, epoch });
        ensure!(page.reset == reset, "the page should tell {reset:?}, and tells {:?}", page.reset);
        let first = page.events.first().map(|event| event.sequence);
        ensure!(
            first == Some(seq(2)),
            "a reset begins with the oldest retained event, 2, not with {first:?}"
        );
    }
    let mine = read(&client, Selector::all(), Start::At(Position::new(epoch, seq(4)))).await?;
    ensure!(mine.reset.is_none(), "a position of this epoch was refused: {:?}", mine.reset);
    Ok(())
}

pub(crate) async fn a_stream_made_again_has_another_epoch(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 3).await?;
    let before = client.bounds().await?;
    let Some(catalog) = client.storage.catalog() else { return Ok(()) };
    catalog.delete_stream(&client.stream).await?;
    client.fill("/a", 5).await?;
    let after = client.bounds().await?;
    ensure!(after.epoch != before.epoch, "a stream that was deleted and made again has the old epoch");
    ensure!(after.head == seq(5), "a stream made again with 5 events has the head {}", after.head);
    let page = read(&client, Selector::all(), Start::At(before.position())).await?;
    ensure!(page.reset.is_some(), "a position of before the deletion was taken: no reset is told");
    ensure!(
        page.events.len() == 5,
        "a reset begins with the oldest event, and {} of 5 came",
        page.events.len()
    );
    Ok(())
}
