//! What a session refuses before any store sees it, and what the store refuses.

use crate::common::*;
use eventweir::{
    Commit, ContentType, CursorMove, CursorName, Durability, ErrorKind, EventId, Expect, Headers, Limits,
    NewEvent, Sequence,
};

#[tokio::test]
async fn limits_are_checked_first() {
    let mut limits = Limits::default();
    (limits.max_event_bytes, limits.max_commit_events, limits.max_commit_bytes) = (10, 3, 20);
    let broker = builder().limits(limits).build().unwrap();
    let session = session(&broker).await;
    let kind = |result: eventweir::Result<_>| result.map(|_: eventweir::Receipt| ()).unwrap_err().kind();
    assert_eq!(kind(session.publish(event("/a", "12345678901")).await), ErrorKind::TooLarge);
    let many = Commit::append((0..4).map(|n| event("/a", n)));
    assert_eq!(kind(session.commit(many).await), ErrorKind::TooLarge);
    let heavy = Commit::append((0..3).map(|_| event("/a", "1234567890")));
    assert_eq!(kind(session.commit(heavy).await), ErrorKind::TooLarge);
    let mut not_json = event("/a", "{");
    not_json.content_type = ContentType::JSON;
    assert_eq!(kind(session.publish(not_json).await), ErrorKind::InvalidInput);
    assert_eq!(session.head(&eventweir::Selector::all()).await.unwrap().sequence, Sequence::ZERO);
}

#[tokio::test]
async fn expectations_hold_or_nothing_happens() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    let at = |n| Sequence::new(n).unwrap();
    session.publish(event("/a", 1)).await.unwrap();
    session.publish(event("/b", 2)).await.unwrap();
    let expecting = |expect| Commit::append([event("/a", 3)]).with_expect(expect);
    for wrong in [
        Expect::Head(at(1)),
        Expect::ChannelHead(channel("/a"), at(2)),
        Expect::ChannelHead(channel("/c"), at(1)),
    ] {
        let error = session.commit(expecting(wrong)).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, eventweir::Effect::NotApplied));
    }
    assert_eq!(session.commit(expecting(Expect::Head(at(2)))).await.unwrap().head, at(3));
    assert_eq!(
        session.commit(expecting(Expect::ChannelHead(channel("/a"), at(3)))).await.unwrap().head,
        at(4)
    );
    assert_eq!(
        session.commit(expecting(Expect::ChannelHead(channel("/c"), at(0)))).await.unwrap().head,
        at(5)
    );
}

#[tokio::test]
async fn a_repeated_id_returns_the_first_sequence() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    let id = EventId::new("order-7").unwrap();
    let first = session.publish(event("/a", 1).with_id(id.clone())).await.unwrap();
    session.publish(event("/a", 2)).await.unwrap();
    let again = session.publish(event("/elsewhere", 3).with_id(id)).await.unwrap();
    assert!(again.events[0].duplicate);
    assert_eq!(again.events[0].sequence, first.events[0].sequence);
    assert_eq!(again.head.get(), 2);
}

#[tokio::test]
async fn outputs_and_cursor_move_together() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    let name = CursorName::new("billing").unwrap();
    session.publish(event("/in", 1)).await.unwrap();
    session
        .commit(Commit::new().with_cursor(CursorMove::create(name.clone(), Sequence::ZERO)))
        .await
        .unwrap();
    let step = |from: u64, to: u64| {
        let cursor =
            CursorMove::advance(name.clone(), Sequence::new(from).unwrap(), Sequence::new(to).unwrap());
        Commit::append([event("/out", "invoice")]).with_cursor(cursor)
    };
    session.commit(step(0, 1)).await.unwrap();
    let late = session.commit(step(0, 1)).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict);
    assert_eq!(session.cursor(&name).await.unwrap().unwrap().sequence.get(), 1);
    assert_eq!(session.head(&eventweir::Selector::all()).await.unwrap().sequence.get(), 2);
}

#[tokio::test]
async fn a_composition_can_require_more_than_the_storage_promises() {
    let error = builder().requires(Durability::Disk).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.to_string(), "the storage promises durability `volatile`, but `disk` is required");
}

#[tokio::test]
async fn attributes_come_back_as_they_were_given() {
    let broker = builder().build().unwrap();
    let session = session(&broker).await;
    let headers = Headers::new([("trace", "1"), ("a", "ä")]).unwrap();
    let sent = NewEvent::json(channel("/a"), &[1, 2]).unwrap().with_headers(headers.clone());
    session.publish(sent.clone()).await.unwrap();
    let query = eventweir::ReadQuery::new(eventweir::Selector::all(), eventweir::Start::Earliest);
    let got = session.read(&query).await.unwrap().events[0].clone();
    assert_eq!((&got.headers, &got.id, &got.data), (&headers, &sent.id, &sent.data));
}
