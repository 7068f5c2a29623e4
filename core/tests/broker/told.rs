//! What cannot be delivered is told.

use crate::common::*;
use eventweir::{
    Broker, Delivery, Position, ReadQuery, Retention, Selector, Sequence, Start, StreamName,
    clock::ManualClock,
};
use eventweir_memory::MemoryStorage;
use std::time::Duration;

fn keep(max_events: u64) -> Retention {
    Retention { max_events: Some(max_events), ..Retention::FOREVER }
}

#[tokio::test]
async fn a_subscriber_behind_retention_is_told_and_goes_on() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    for n in 0..10 {
        session.publish(event("/a", n)).await.unwrap();
    }
    let start = session.read(&ReadQuery::new(Selector::all(), Start::Earliest).with_limit(2)).await.unwrap();
    session.trim(&StreamName::main(), &keep(3)).await.unwrap();
    let mut subscription = session.subscribe(Selector::all(), Start::At(start.position())).await.unwrap();
    match next(&mut subscription).await {
        Delivery::Gap(gap) => assert_eq!((gap.after.get(), gap.resume_at.get()), (2, 8)),
        other => panic!("a gap was expected, not {other:?}"),
    }
    let events = next_events(&mut subscription).await;
    assert_eq!(events.iter().map(|event| event.sequence.get()).collect::<Vec<_>>(), [8, 9, 10]);
}

#[tokio::test]
async fn a_newcomer_and_a_quiet_channel_are_not_told() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    session.publish(event("/quiet", 0)).await.unwrap();
    for n in 0..5 {
        session.publish(event("/busy", n)).await.unwrap();
    }
    session.trim(&StreamName::main(), &keep(1)).await.unwrap();
    let newcomer = session.read(&ReadQuery::new(Selector::all(), Start::Earliest)).await.unwrap();
    assert!(newcomer.gap.is_none() && newcomer.events.len() == 1);
    let after_its_event = Start::After(Sequence::new(1).unwrap());
    let quiet = ReadQuery::new(Selector::exact(channel("/quiet")), after_its_event);
    assert!(session.read(&quiet).await.unwrap().gap.is_none());
    let mut before_it = quiet;
    before_it.start = Start::After(Sequence::ZERO);
    assert!(session.read(&before_it).await.unwrap().gap.is_some());
}

#[tokio::test]
async fn a_deleted_channel_is_a_gap_for_its_readers_only() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    let start = Start::At(session.head(&Selector::all()).await.unwrap());
    for n in 0..4 {
        session.publish(event(if n % 2 == 0 { "/gone" } else { "/kept" }, n)).await.unwrap();
    }
    assert_eq!(session.delete_channel(&channel("/gone")).await.unwrap(), 2);
    let read = |name| ReadQuery::new(Selector::exact(channel(name)), start);
    let gone = session.read(&read("/gone")).await.unwrap();
    assert_eq!((gone.events.len(), gone.gap.map(|gap| gap.resume_at.get())), (0, Some(4)));
    let kept = session.read(&read("/kept")).await.unwrap();
    assert_eq!((kept.events.len(), kept.gap), (2, None));
}

#[tokio::test]
async fn another_incarnation_is_a_reset_for_pages_and_subscribers() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    session.publish(event("/a", "old")).await.unwrap();
    let old: Position = session.head(&Selector::all()).await.unwrap();
    let mut open = session.subscribe(Selector::all(), Start::At(old)).await.unwrap();
    session.delete_stream(&StreamName::main()).await.unwrap();
    session.publish(event("/a", "new")).await.unwrap();
    let page = session.read(&ReadQuery::new(Selector::all(), Start::At(old))).await.unwrap();
    assert_eq!(page.reset.map(|reset| reset.refused), Some(old));
    assert_eq!(page.events.len(), 1);
    assert!(matches!(next(&mut open).await, Delivery::Reset(reset) if reset.refused == old));
    assert_eq!(text(&next_events(&mut open).await[0]), "new");
    let mut later = session.subscribe(Selector::all(), Start::At(old)).await.unwrap();
    assert!(matches!(next(&mut later).await, Delivery::Reset(_)));
}

#[tokio::test]
async fn expired_events_are_left_out_before_they_are_swept() {
    let clock = ManualClock::at("2030-01-01T00:00:00Z".parse().unwrap());
    let retention = Retention { max_age: Some(Duration::from_secs(120)), ..Retention::FOREVER };
    let builder = Broker::builder().storage(MemoryStorage::new()).clock(clock.clone()).retention(retention);
    let broker = builder.build().unwrap();
    let session = session(&broker).await;
    session.publish(event("/a", "old")).await.unwrap();
    clock.advance(Duration::from_secs(100));
    session.publish(event("/a", "young")).await.unwrap();
    clock.advance(Duration::from_secs(21));
    let page = session.read(&ReadQuery::new(Selector::all(), Start::After(Sequence::ZERO))).await.unwrap();
    assert_eq!(page.events.iter().map(|event| text(event)).collect::<Vec<_>>(), ["young"]);
    assert_eq!(page.gap.map(|gap| gap.resume_at.get()), Some(2));
}
