//! Readers at the end of a log that several clients write, and the sentinel that ends them.
//!
//! A reader never stops at a number of events: it follows to the sentinel, which is written when all writers are done, and
//! then looks for more.

use crate::Failure;
use crate::Law;
use crate::failure::{ensure, ensure_law};
use crate::storage::crew::together;
use crate::storage::stream::{StreamClient, resume};
use crate::storage::verify::check_sequences;
use crate::words::event;
use eventweir::{Commit, Event, ReadQuery, Selector, Sequence, Start};
use std::sync::Arc;
use tokio::sync::watch;

/// Says where the log ends, once it does.
#[derive(Clone)]
pub(crate) struct Sentinel(Arc<watch::Sender<Option<Sequence>>>);

impl Sentinel {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    pub(crate) fn set(&self, sequence: Sequence) {
        self.0.send_replace(Some(sequence));
    }

    pub(crate) fn is_passed(&self, through: Sequence) -> bool {
        self.0.borrow().is_some_and(|sentinel| through >= sentinel)
    }
}

/// Follows a selection from the beginning, without any wake-up, beyond the sentinel.
pub(crate) async fn follow(
    client: StreamClient,
    selector: Selector,
    sentinel: Sentinel,
) -> Result<Vec<Arc<Event>>, Failure> {
    let mut query = ReadQuery::new(selector, Start::After(Sequence::ZERO)).with_limit(7);
    let mut seen: Vec<Arc<Event>> = Vec::new();
    loop {
        let was_passed = sentinel.is_passed(client.bounds().await?.head);
        let page = client.read(&query).await?;
        check_sequences(query.direction, &page)?;
        if let (Some(last), Some(next)) = (seen.last(), page.events.first()) {
            ensure_law!(
                Law::NoDuplicate,
                next.sequence > last.sequence,
                "a reader that resumed after {} was given {}",
                last.sequence,
                next.sequence
            );
        }
        ensure!(
            page.gap.is_none() && page.reset.is_none(),
            "nothing was removed, and the page tells {page:?}"
        );
        seen.extend(page.events.iter().cloned());
        resume(&mut query, &page);
        // The page was read after the sentinel was known to be there: what is not in it does not exist.
        if was_passed && !page.more {
            return Ok(seen);
        }
        tokio::task::yield_now().await;
    }
}

/// Lets several clients commit batches over several channels at the same time, and sets the sentinel. A batch's events hold its
/// name and size.
pub(crate) async fn write_side_by_side(client: &StreamClient, sentinel: &Sentinel) -> Result<(), Failure> {
    together(WRITERS, |writer| {
        let client = client.clone();
        async move {
            for round in 0..ROUNDS {
                let size = 1 + (writer + round) % 4;
                let batch = |n: usize| event(CHANNELS[n], format!("{writer}.{round}:{size}"));
                client.commit(&Commit::append((0..size).map(batch))).await?;
            }
            Ok(())
        }
    })
    .await?;
    sentinel.set(client.publish(event(CHANNELS[0], "sentinel:1")).await?);
    Ok(())
}

/// Where batches go: the nth event of each to the nth.
pub(crate) const CHANNELS: [&str; 4] = ["/a", "/a/b", "/ab", "/c/d"];
pub(crate) const WRITERS: usize = 4;
pub(crate) const ROUNDS: usize = 24;
