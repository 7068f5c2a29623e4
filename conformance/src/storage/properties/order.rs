//! Law *order*: a commit's new events get the sequences right after the head, without holes, and never one twice.

pub(crate) use super::clock::no_clock_has_a_say_in_the_order;

use crate::Failure;
use crate::failure::ensure;
use crate::storage::crew::together;
use crate::storage::lab::Lab;
use crate::words::{channel, event, seq};
use eventweir::{Commit, Expect, Retention, Sequence};

pub(crate) async fn sequences_follow_commits(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let mut head = 0;
    for size in [1, 3, 0, 2, 5] {
        let events = (0..size).map(|n| event(["/a", "/b/c"][n % 2], n.to_string()));
        let receipt = client.commit(&Commit::append(events)).await?;
        let placed: Vec<u64> = receipt.events.iter().map(|placed| placed.sequence.get()).collect();
        let expected: Vec<u64> = (head + 1..=head + size as u64).collect();
        ensure!(placed == expected, "a commit after {head} should get {expected:?}, and got {placed:?}");
        head += size as u64;
        ensure!(
            receipt.head.get() == head,
            "the head should be {head}, and the receipt says {}",
            receipt.head
        );
        refuse(&client, head).await?;
    }
    client.expect_log(head).await?;
    Ok(())
}

/// A refused commit takes no sequence.
async fn refuse(client: &crate::storage::stream::StreamClient, head: u64) -> Result<(), Failure> {
    let refused = Commit::append([event("/a", "refused")]).with_expect(Expect::Head(seq(head + 7)));
    ensure!(client.try_commit(&refused).await.is_err(), "a commit that expects another head was carried out");
    Ok(())
}

pub(crate) async fn sequences_survive_a_purge(lab: &Lab) -> Result<(), Failure> {
    let mut bench = lab.open().await?;
    bench.client.fill("/a", 5).await?;
    bench.client.keep(0).await?;
    let bounds = bench.client.bounds().await?;
    ensure!(
        bounds.head == seq(5) && bounds.first == seq(6),
        "an emptied stream at 5 should say head 5 and first 6, and says {bounds:?}"
    );
    if bench.survives() {
        bench = bench.reopen().await?;
    }
    let next = bench.client.publish(event("/a", "after the purge")).await?;
    ensure!(next == seq(6), "the next event after a purge at 5 should get 6, and got {next}");
    Ok(())
}

pub(crate) async fn sequences_survive_a_deletion(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.fill("/a", 3).await?;
    let Some(catalog) = client.storage.catalog() else { return Ok(()) };
    let removed = catalog.delete_channel(&client.stream, &channel("/a")).await?;
    ensure!(removed == 3, "deleting a channel of 3 events removed {removed}");
    client.trim(&Retention::FOREVER, eventweir::Timestamp::now()).await?;
    let next = client.publish(event("/a", "after the deletion")).await?;
    ensure!(next == seq(4), "the next event after a deletion at 3 should get 4, and got {next}");
    Ok(())
}

pub(crate) async fn concurrent_commits_stand_in_one_order(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let writers = together(WRITERS, |writer| {
        let client = client.clone();
        async move {
            let mut placed: Vec<(Sequence, String)> = Vec::new();
            for round in 0..ROUNDS {
                let names: Vec<String> =
                    (0..1 + round % 3).map(|n| format!("{writer}.{round}.{n}")).collect();
                let events = names.iter().map(|name| event("/a", name.clone()));
                let receipt = client.commit(&Commit::append(events)).await?;
                let contiguous =
                    receipt.events.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.next());
                ensure!(contiguous, "a commit's events do not stand side by side: {:?}", receipt.events);
                placed.extend(receipt.events.iter().map(|placed| placed.sequence).zip(names));
            }
            ensure!(placed.is_sorted(), "one writer's commits stand in another order than it made them");
            Ok(placed)
        }
    });
    let mut placed: Vec<_> = writers.await?.concat();
    placed.sort();
    let events = client.expect_log(placed.len() as u64).await?;
    for (event, (sequence, name)) in events.iter().zip(&placed) {
        ensure!(
            event.sequence == *sequence && *event.data == *name.as_bytes(),
            "the receipt says that {name} is at {sequence}; the log has {:?} at {}",
            event.data,
            event.sequence
        );
    }
    Ok(())
}

const WRITERS: usize = 4;
const ROUNDS: usize = 24;
