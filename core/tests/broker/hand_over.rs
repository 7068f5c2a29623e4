//! History to live without a seam, for many subscribers, while everything moves.

use crate::common::*;
use eventweir::{Limits, Position, Scope, Selector, Sequence, Session, Start};

const PUBLISHERS: usize = 4;
const EVENTS_EACH: usize = 400;
const SUBSCRIBERS: usize = 24;

/// Follows from a start, drops and resumes now and again, and checks that it got exactly the selected log.
async fn follow(session: Session, selector: Selector, start: Start, restarts: usize) -> Vec<Sequence> {
    let mut seen = Vec::new();
    let mut place = start;
    'connections: for connection in 0.. {
        let mut subscription = session.subscribe(selector.clone(), place).await.unwrap();
        let mut taken = 0;
        loop {
            for event in next_events(&mut subscription).await {
                seen.push(event.sequence);
                if event.data == "sentinel" {
                    break 'connections;
                }
                taken += 1;
            }
            if connection < restarts && taken > 40 {
                let position: Position = subscription.position().unwrap();
                place = Start::At(position);
                continue 'connections;
            }
        }
    }
    seen
}

async fn run(limits: Limits) {
    let broker = builder().limits(limits).build().unwrap();
    let session = session(&broker).await;
    session.publish(event("/a/0", "first")).await.unwrap();
    let selections = [
        Selector::all(),
        Selector::exact(channel("/a/1")),
        Selector::subtree(channel("/a")),
        Selector::new([Scope::Exact(channel("/a/2")), Scope::parse("/b/*").unwrap()]).unwrap(),
    ];
    let mut publishers = tokio::task::JoinSet::new();
    for publisher in 0..PUBLISHERS {
        let session = session.clone();
        publishers.spawn(async move {
            for n in 0..EVENTS_EACH {
                let top = if n % 3 == 0 { "/b" } else { "/a" };
                session
                    .publish(event(&format!("{top}/{}", n % 4), format!("{publisher}-{n}")))
                    .await
                    .unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    let mut subscribers = Vec::new();
    for subscriber in 0..SUBSCRIBERS {
        let selector = selections[subscriber % selections.len()].clone();
        let selector =
            Selector::new(selector.scopes().iter().cloned().chain([Scope::Exact(channel("/end"))])).unwrap();
        let follower =
            tokio::spawn(follow(session.clone(), selector.clone(), Start::Earliest, subscriber % 5));
        subscribers.push((selector, follower));
        tokio::task::yield_now().await;
    }
    while let Some(done) = publishers.join_next().await {
        done.unwrap();
    }
    session.publish(event("/end", "sentinel")).await.unwrap();
    for (selector, follower) in subscribers {
        let seen = follower.await.unwrap();
        let mut expected = Vec::new();
        let mut place = Start::Earliest;
        loop {
            let query = eventweir::ReadQuery::new(selector.clone(), place).with_limit(1000);
            let page = session.read(&query).await.unwrap();
            expected.extend(page.events.iter().map(|event| event.sequence));
            place = Start::At(page.position());
            if !page.more {
                break;
            }
        }
        assert_eq!(seen, expected, "{selector:?}");
    }
    broker.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn subscribers_that_keep_up_get_everything_once() {
    run(Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn subscribers_behind_the_tail_get_everything_once() {
    run(tiny_tail()).await;
}

#[tokio::test]
async fn a_subscription_knows_whether_it_is_current_and_how_far_it_has_come() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    session.publish(event("/a", "history")).await.unwrap();
    let mut subscription = session.subscribe(Selector::exact(channel("/a")), Start::Earliest).await.unwrap();
    assert!(!subscription.is_current(), "only the store knows what it starts with");
    next_events(&mut subscription).await;
    assert!(subscription.is_current());
    session.publish(event("/b", "passes by")).await.unwrap();
    assert!(subscription.is_current());
    assert_eq!(subscription.position().unwrap().sequence, Sequence::new(2).unwrap());
    session.publish(event("/a", "live")).await.unwrap();
    assert!(!subscription.is_current());
    next_events(&mut subscription).await;
    assert!(subscription.is_current());
}
