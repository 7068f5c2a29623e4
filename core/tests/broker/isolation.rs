//! A reader that does not read costs bounded memory and holds nobody back.

use crate::common::*;
use eventweir::{Limits, Selector, Start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_never_reads_holds_nobody_back() {
    let mut limits = Limits::default();
    limits.max_tail_events = 64;
    let broker = builder().limits(limits).build().unwrap();
    let session = session(&broker).await;
    let mut stuck = session.subscribe(Selector::all(), Start::Latest).await.unwrap();
    let mut follows = session.subscribe(Selector::all(), Start::Latest).await.unwrap();
    let follower = tokio::spawn(async move { until_sentinel(&mut follows, "sentinel").await.len() });
    for n in 0..5000 {
        session.publish(event("/a", n)).await.unwrap();
    }
    session.publish(event("/a", "sentinel")).await.unwrap();
    assert_eq!(follower.await.unwrap(), 5001);
    // What it has not taken waits in the log, not in memory, and is all there.
    assert_eq!(until_sentinel(&mut stuck, "sentinel").await.len(), 5001);
}

#[tokio::test]
async fn subscriptions_end_when_the_broker_closes() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    let mut waiting = session.subscribe(Selector::all(), Start::Latest).await.unwrap();
    let ended = tokio::spawn(async move { waiting.next().await.is_none() });
    tokio::task::yield_now().await;
    broker.close().await.unwrap();
    assert!(tokio::time::timeout(DEADLINE, ended).await.unwrap().unwrap());
    assert!(session.publish(event("/a", 1)).await.is_err());
}

#[tokio::test]
async fn a_quiet_selection_is_served_from_memory_however_far_the_log_has_gone_on() {
    let broker = builder().limits(tiny_tail()).build().unwrap();
    let session = session(&broker).await;
    let mut quiet: Vec<_> = Vec::new();
    for _ in 0..20 {
        quiet.push(session.subscribe(Selector::subtree(channel("/quiet")), Start::Latest).await.unwrap());
    }
    for n in 0..100 {
        session.publish(event("/busy", n)).await.unwrap();
    }
    session.publish(event("/quiet/one", "at last")).await.unwrap();
    for subscription in &mut quiet {
        assert_eq!(text(&next_events(subscription).await[0]), "at last");
    }
    let metrics = broker.metrics().encode();
    assert!(metrics.contains("eventweir_reads_total{from=\"storage\"} 0\n"), "{metrics}");
}
