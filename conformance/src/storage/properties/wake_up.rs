//! Law *wake-up*: a wake-up is a hint: it may be lost, and never says more than is true.

use crate::Failure;
use crate::failure::ensure;
use crate::storage::crew::Crew;
use crate::storage::lab::Lab;
use crate::words::event;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::timeout;

pub(crate) async fn a_commit_wakes_those_who_follow(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let mut hints = client.storage.wakeups(&client.stream);
    // Any one may be lost. A driver that loses all of them promises something else.
    for _ in 0..ROUNDS {
        client.publish(event("/a", "wake")).await?;
        match timeout(PATIENCE, hints.next()).await {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => return Err(Failure::new("the stream of hints ended while the store was open")),
            Err(_) => {}
        }
    }
    Err(Failure::new(format!("of {ROUNDS} commits none woke a reader, and wake-ups are promised")))
}

pub(crate) async fn a_hint_is_never_ahead_of_the_log(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let (writer, reader) = (client.clone(), client.clone());
    let mut hints = client.storage.wakeups(&client.stream);
    let mut crew = Crew::new();
    crew.start(async move {
        for _ in 0..COMMITS {
            writer.fill("/a", 3).await?;
        }
        Ok(())
    });
    crew.start(async move {
        // The hints may end any time, so silence ends this, and proves nothing.
        while let Ok(Some(hint)) = timeout(SILENCE, hints.next()).await {
            let head = reader.bounds().await?.head;
            let told = hint.head.unwrap_or_default();
            // The last one is looked at when nothing moves any more.
            ensure!(told <= head, "a hint told of the head {told}, and a look finds {head}");
        }
        Ok(())
    });
    crew.finish().await.map(drop)
}

pub(crate) async fn a_stream_wakes_only_its_own(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.publish(event("/a", "first")).await?;
    let other = client.elsewhere();
    let mut hints = client.storage.wakeups(&client.stream);
    for _ in 0..COMMITS {
        other.fill("/a", 3).await?;
    }
    let client_head = client.bounds().await?.head;
    while let Ok(Some(hint)) = timeout(SILENCE, hints.next()).await {
        let told = hint.head.unwrap_or_default();
        ensure!(told <= client_head, "a stream at {client_head} is told the head {told} of another stream");
    }
    Ok(())
}

const ROUNDS: usize = 5;
const COMMITS: u64 = 20;
/// Far more than a hint within a process takes; several tries make up for a busy machine.
const PATIENCE: Duration = Duration::from_secs(1);
const SILENCE: Duration = Duration::from_millis(100);
