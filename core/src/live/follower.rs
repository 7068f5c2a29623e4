//! Follows what others commit to a stream.

use super::tail::Tail;
use crate::{Wakeup, WakeupReach, Writers};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Own commits are handed over directly, so most hints are known by the time one looks; and under load one look serves many.
const HAND_OVER_GRACE: Duration = Duration::from_millis(2);

/// Keeps a tail at the head of its stream until it is closed. Wake-ups are hints: without any, it looks once per `poll`.
pub(crate) async fn follow(tail: Arc<Tail>, poll: Duration) {
    let promises = tail.storage.promises();
    // With one writer, all commits pass through here, and looking is only a precaution.
    let alone = promises.writers == Writers::One && promises.wakeup != WakeupReach::None;
    let poll = if alone { poll.max(Duration::from_secs(1)) } else { poll };
    let mut wakeups = tail.storage.wakeups(&tail.stream);
    let mut woken = true;
    let mut failures = 0u32;
    // Hints of what is known do not put this look off: the head does not tell of deletions.
    let mut next_look = Instant::now() + poll;
    while !tail.is_closed() {
        let hint = tokio::select! {
            hint = wakeups.next(), if woken => hint,
            () = tokio::time::sleep_until(next_look) => Some(Wakeup { head: None }),
        };
        match hint {
            None => woken = false,
            Some(hint) => {
                if hint.head.is_some() {
                    tokio::time::sleep(HAND_OVER_GRACE).await;
                }
                if is_known(&tail, hint) {
                    continue;
                }
                let looked = if hint.head.is_some() { tail.catch_up().await } else { tail.look().await };
                next_look = Instant::now() + poll;
                match looked {
                    Ok(()) => failures = 0,
                    Err(error) => {
                        failures += 1;
                        if failures.is_power_of_two() {
                            tracing::warn!(stream = %tail.stream, %error, failures, "cannot follow the store");
                        }
                        tokio::time::sleep(poll).await;
                    }
                }
            }
        }
    }
}

fn is_known(tail: &Tail, hint: Wakeup) -> bool {
    hint.head.is_some_and(|head| head <= tail.head())
}
