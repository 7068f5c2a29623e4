//! Rules put channels into streams, and everything else follows from that.

use crate::common::*;
use eventweir::*;
use eventweir_memory::MemoryStorage;
use std::time::Duration;

fn stream(name: &str) -> StreamName {
    StreamName::new(name).unwrap()
}

fn rules() -> StreamRules {
    let two = Retention { max_events: Some(2), ..Retention::FOREVER };
    StreamRules::new([
        StreamRule::prefix(channel("/orders"), stream("orders")),
        StreamRule::prefix(channel("/logs"), stream("logs")).with_retention(two),
        StreamRule::spread(stream("rest"), 4),
    ])
    .unwrap()
}

async fn ruled() -> (Broker, Session) {
    let broker = builder().streams(rules()).build().unwrap();
    let session = session(&broker).await;
    (broker, session)
}

fn of(name: &str) -> Selector {
    Selector::subtree(channel(name))
}

#[tokio::test]
async fn each_stream_has_its_own_sequences_and_positions() {
    let (_broker, session) = ruled().await;
    for n in 0..3 {
        session.publish(event("/orders/eu", n)).await.unwrap();
    }
    let other = session.publish(event("/stock", "x")).await.unwrap();
    assert_eq!(other.events[0].sequence.get(), 1);
    let page = session.read(&ReadQuery::new(of("/orders"), Start::Earliest)).await.unwrap();
    assert_eq!(page.events.iter().map(|event| event.sequence.get()).collect::<Vec<_>>(), [1, 2, 3]);
    // A position is of one stream: to another it is that of another incarnation.
    let foreign = Start::At(page.position());
    let page = session.read(&ReadQuery::new(of("/stock"), foreign)).await.unwrap();
    assert_eq!((page.reset.is_some(), page.events.len()), (true, 1));
    let mut subscription = session.subscribe(of("/stock"), foreign).await.unwrap();
    assert!(matches!(next(&mut subscription).await, Delivery::Reset(_)));
    assert_eq!(text(&next_events(&mut subscription).await[0]), "x");
}

#[tokio::test]
async fn what_would_span_streams_is_refused_and_has_no_effect() {
    let (_broker, session) = ruled().await;
    let refused = |error: Error| {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidInput, Effect::NotApplied));
        assert!(!error.is_retryable());
        error.message().to_owned()
    };
    let query = ReadQuery::new(Selector::all(), Start::Earliest);
    let message = refused(session.read(&query).await.unwrap_err());
    assert!(message.contains("orders, logs, rest-0 and 3 more"), "{message}");
    refused(session.poll(&query, Duration::from_secs(1)).await.unwrap_err());
    refused(session.subscribe(Selector::all(), Start::Latest).await.unwrap_err());
    refused(session.head(&Selector::all()).await.unwrap_err());
    let commit = Commit::append([event("/orders", 1), event("/logs", 2)]);
    let message = refused(session.commit(commit).await.unwrap_err());
    assert!(message.contains("orders and logs"), "{message}");
    for name in ["/orders", "/logs"] {
        let page = session.read(&ReadQuery::new(of(name), Start::Earliest)).await.unwrap();
        assert_eq!(page.bounds.head, Sequence::ZERO);
    }
}

#[tokio::test]
async fn a_session_of_one_stream_reads_all_of_it_and_has_its_cursors_there() {
    let (_broker, session) = ruled().await;
    for n in 0..3 {
        session.publish(event("/orders/eu", n)).await.unwrap();
        session.publish(event("/logs/a", n)).await.unwrap();
    }
    let orders = session.in_stream(&stream("orders")).await.unwrap();
    let mut all = orders.subscribe(Selector::all(), Start::Earliest).await.unwrap();
    let events = next_events(&mut all).await;
    assert!(events.len() == 3 && events.iter().all(|event| event.channel.as_str() == "/orders/eu"));
    // Its cursors are of its stream, and of no other.
    let name = CursorName::new("billing").unwrap();
    orders.commit(Commit::new().with_cursor(CursorMove::create(name.clone(), seq(3)))).await.unwrap();
    assert_eq!(orders.cursor(&name).await.unwrap().unwrap().sequence, seq(3));
    assert!(session.cursor(&name).await.unwrap().is_none());
    assert_eq!(orders.cursor_head(&name).await.unwrap(), orders.head(&Selector::all()).await.unwrap());
    assert_eq!(orders.cursors(&stream("orders"), None, 9).await.unwrap().len(), 1);
    // Outputs and the cursor in one commit: it goes where the events go.
    let done = Commit::append([event("/orders/done", "x")]).with_cursor(CursorMove::advance(
        name.clone(),
        seq(3),
        seq(4),
    ));
    session.commit(done).await.unwrap();
    assert_eq!(orders.cursor(&name).await.unwrap().unwrap().sequence, seq(4));
    let key = RecordKey::new("r").unwrap();
    let record = RecordChange { key: key.clone(), expect: RecordExpect::Absent, value: Some("v".into()) };
    orders.commit(Commit::new().with_record(record)).await.unwrap();
    assert!(orders.record(&key).await.unwrap().is_some());
    assert!(session.record(&key).await.unwrap().is_none());
    // Events are not put where nobody looks for them.
    let error = orders.publish(event("/logs/a", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("in the stream logs, not in orders"), "{error}");
    let unknown = session.in_stream(&stream("nowhere")).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert!(!session.streams().await.unwrap().contains(&stream("nowhere")));
}

fn seq(number: u64) -> Sequence {
    Sequence::new(number).unwrap()
}

#[tokio::test]
async fn channels_are_listed_over_all_streams_by_name() {
    let (_broker, session) = ruled().await;
    let names = ["/a", "/b", "/c/d", "/logs/x", "/orders/eu", "/z"];
    for name in names {
        session.publish(event(name, "x")).await.unwrap();
    }
    let mut listed: Vec<String> = Vec::new();
    loop {
        let after = listed.last().map(|name| channel(name));
        let page = session.channels(&Selector::all(), after.as_ref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        listed.extend(page.iter().map(|info| info.name.to_string()));
    }
    assert_eq!(listed, names);
    let logs = session.in_stream(&stream("logs")).await.unwrap();
    assert_eq!(logs.channels(&Selector::all(), None, 9).await.unwrap().len(), 1);
    assert_eq!(session.delete_channel(&channel("/logs/x")).await.unwrap(), 1);
    assert!(logs.channels(&Selector::all(), None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_stream_keeps_what_its_rule_says() {
    let broker = builder().streams(rules()).trim_interval(Duration::from_millis(10)).build().unwrap();
    let own = session(&broker).await;
    for n in 0..5 {
        own.publish(event("/logs/a", n)).await.unwrap();
        own.publish(event("/orders/a", n)).await.unwrap();
    }
    let shutdown = Shutdown::new();
    let running = tokio::spawn({
        let (broker, shutdown) = (broker.clone(), shutdown.clone());
        async move { broker.run(shutdown).await }
    });
    let kept = async |name: &str| {
        let page = own.read(&ReadQuery::new(of(name), Start::Earliest)).await.unwrap();
        page.events.len()
    };
    let trimmed = async {
        while kept("/logs").await > 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(DEADLINE, trimmed).await.unwrap();
    assert_eq!((kept("/logs").await, kept("/orders").await), (2, 5));
    shutdown.begin();
    tokio::time::timeout(DEADLINE, running).await.unwrap().unwrap().unwrap();
}

/// After a change of rules, what was stored stays where it is, and a session of that stream finds it.
#[tokio::test]
async fn what_a_changed_rule_left_behind_can_be_read_and_deleted() {
    let storage = MemoryStorage::new();
    let before = Broker::builder().storage(storage.clone()).build().unwrap();
    session(&before).await.publish(event("/orders/old", "x")).await.unwrap();
    let after = Broker::builder().storage(storage).streams(rules()).build().unwrap();
    let session = session(&after).await;
    assert_eq!(after.misplaced_channels().await.unwrap(), [(StreamName::main(), channel("/orders/old"))]);
    let page = session.read(&ReadQuery::new(of("/orders"), Start::Earliest)).await.unwrap();
    assert!(page.events.is_empty());
    assert!(session.channels(&Selector::all(), None, 9).await.unwrap().is_empty());
    let main = session.in_stream(&StreamName::main()).await.unwrap();
    assert_eq!(main.read(&ReadQuery::new(of("/orders"), Start::Earliest)).await.unwrap().events.len(), 1);
    assert_eq!(main.delete_channel(&channel("/orders/old")).await.unwrap(), 1);
    assert!(after.misplaced_channels().await.unwrap().is_empty());
}
