//! Law *visibility*: once anyone has seen sequence n, nothing at or below n appears later.

use crate::Failure;
use crate::failure::ensure;
use crate::storage::crew::Crew;
use crate::storage::lab::Lab;
use crate::storage::properties::tail::{self, Sentinel};
use crate::words::event;
use eventweir::{Commit, ReadQuery, Selector, Start};

pub(crate) async fn an_acknowledged_commit_is_seen_by_everyone(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    for round in 1..=ROUNDS {
        let sequence = client.publish(event("/a", round.to_string())).await?;
        let reader = client.clone();
        let mut crew = Crew::new();
        crew.start(async move {
            let head = reader.bounds().await?.head;
            ensure!(
                head >= sequence,
                "{sequence} was acknowledged, and another client is told the head {head}"
            );
            let page =
                reader.read(&ReadQuery::new(Selector::all(), Start::After(sequence.previous()))).await?;
            let seen = page.events.iter().any(|event| event.sequence == sequence);
            ensure!(seen, "{sequence} was acknowledged, and another client cannot read it");
            Ok(())
        });
        crew.finish().await?;
    }
    Ok(())
}

pub(crate) async fn nothing_appears_below_what_was_seen(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let sentinel = Sentinel::new();
    let mut readers = Crew::new();
    for _ in 0..2 {
        readers.start(tail::follow(client.clone(), Selector::all(), sentinel.clone()));
    }
    tail::write_side_by_side(&client, &sentinel).await?;
    for seen in readers.finish().await? {
        let sequences: Vec<u64> = seen.iter().map(|event| event.sequence.get()).collect();
        let whole = sequences.iter().copied().eq(1..=sequences.len() as u64);
        ensure!(
            whole,
            "a reader at the end of the log saw {sequences:?}: not every sequence, or not in order"
        );
    }
    Ok(())
}

pub(crate) async fn what_was_seen_stays_as_it_is(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let mut crew = Crew::new();
    let writer = client.clone();
    crew.start(async move {
        for round in 0..ROUNDS {
            writer.commit(&Commit::append([event("/a", round.to_string()), event("/b", "")])).await?;
        }
        Ok(())
    });
    let reader = client.clone();
    crew.start(async move {
        for _ in 0..ROUNDS {
            let head = reader.bounds().await?.head;
            let query = ReadQuery::new(Selector::all(), Start::Earliest).with_until(head);
            let seen = reader.walk(&query).await?.len() as u64;
            ensure!(seen == head.get(), "the head {head} was shown, and a read up to it finds {seen} events");
            tokio::task::yield_now().await;
        }
        Ok(())
    });
    crew.finish().await.map(drop)
}

const ROUNDS: u64 = 30;
