//! Waiting for a page.

use crate::common::*;
use eventweir::{ReadQuery, Selector, Source, Start};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_poll_wakes_for_its_own_selection_only() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    let mine = Selector::exact(channel("/mine")).except(Source::new("me").unwrap());
    let poller = session.clone();
    let poll =
        tokio::spawn(
            async move { poller.poll(&ReadQuery::new(mine, Start::Latest), DEADLINE).await.unwrap() },
        );
    let mut last = 0;
    // The poll starts at some moment of this; what is published to its channel afterwards ends it.
    while !poll.is_finished() {
        session.publish(event("/other", last)).await.unwrap();
        session.publish(event("/mine", last).with_source(Source::new("me").unwrap())).await.unwrap();
        last = session.publish(event("/mine", "wake")).await.unwrap().head.get();
        tokio::task::yield_now().await;
    }
    let page = poll.await.unwrap();
    assert!(!page.events.is_empty() && page.events.iter().all(|event| event.data == "wake"));
    assert!(page.events.iter().all(|event| event.sequence.get() <= last));
}

#[tokio::test]
async fn a_poll_ends_empty_after_its_time_with_a_position_to_go_on_from() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    session.publish(event("/other", 1)).await.unwrap();
    let begin = Instant::now();
    let query = ReadQuery::new(Selector::exact(channel("/mine")), Start::After(eventweir::Sequence::ZERO));
    let page = session.poll(&query, Duration::from_millis(50)).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(50));
    assert!(page.events.is_empty() && !page.more);
    assert_eq!(page.position().sequence.get(), 1);
}
