//! What was deleted through one broker is gone on all.

use crate::common::*;
use crate::several_brokers::Deaf;
use eventweir::*;
use eventweir_memory::MemoryStorage;
use std::sync::Arc;
use std::time::Duration;

/// Two brokers on one store; only their own looks tell them what the other did.
fn brokers(poll: Duration) -> [Broker; 2] {
    let storage = MemoryStorage::new();
    [(); 2].map(|()| {
        let deaf = |inner: Arc<dyn Storage>| Arc::new(Deaf(inner)) as Arc<dyn Storage>;
        let builder = Broker::builder().storage(storage.clone()).layer(deaf);
        builder.poll_interval(poll).build().unwrap()
    })
}

async fn sequences(session: &Session, name: &str) -> (Vec<u64>, Option<u64>) {
    let query = ReadQuery::new(Selector::exact(channel(name)), Start::After(Sequence::ZERO));
    let page = session.read(&query).await.unwrap();
    let events = page.events.iter().map(|event| event.sequence.get()).collect();
    (events, page.gap.map(|gap| gap.resume_at.get()))
}

/// Reads until the deletion is told.
async fn until_told(session: &Session, name: &str) -> Vec<u64> {
    let told = async {
        loop {
            if let (events, Some(_)) = sequences(session, name).await {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(DEADLINE, told).await.expect("the other broker looks within the deadline")
}

#[tokio::test]
async fn a_channel_deleted_through_another_broker_is_soon_not_served_from_memory() {
    let [here, there] = brokers(Duration::from_millis(20));
    let (here, there) = (session(&here).await, session(&there).await);
    // The tail is begun before the events come, so that it has all of them in memory.
    here.head(&Selector::all()).await.unwrap();
    for n in 0..6 {
        here.publish(event(if n % 2 == 0 { "/gone" } else { "/kept" }, n)).await.unwrap();
    }
    assert_eq!(sequences(&here, "/gone").await, (vec![1, 3, 5], None));
    assert_eq!(there.delete_channel(&channel("/gone")).await.unwrap(), 3);
    assert_eq!(until_told(&here, "/gone").await, [0; 0]);
    assert_eq!(sequences(&here, "/kept").await, (vec![2, 4, 6], None));
    // It goes on serving what comes, and what is deleted later is gone as well.
    here.publish(event("/gone", "again")).await.unwrap();
    assert_eq!(sequences(&here, "/gone").await, (vec![7], Some(6)));
    there.delete_channel(&channel("/gone")).await.unwrap();
    let gone = async {
        while !sequences(&here, "/gone").await.0.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
}

#[tokio::test]
async fn a_subscriber_that_was_behind_is_told_of_what_another_broker_deleted() {
    let [here, there] = brokers(Duration::from_millis(20));
    let (here, there) = (session(&here).await, session(&there).await);
    let selector = Selector::exact(channel("/gone"));
    let mut subscription = here.subscribe(selector, Start::After(Sequence::ZERO)).await.unwrap();
    for n in 0..4 {
        here.publish(event("/gone", n)).await.unwrap();
    }
    there.delete_channel(&channel("/gone")).await.unwrap();
    until_told(&here, "/gone").await;
    match next(&mut subscription).await {
        Delivery::Gap(gap) => assert_eq!((gap.after.get(), gap.resume_at.get()), (0, 5)),
        other => panic!("a gap was expected, not {other:?}"),
    }
    there.publish(event("/gone", "new")).await.unwrap();
    assert_eq!(text(&next_events(&mut subscription).await[0]), "new");
}

/// Hints of what a broker knows already come all the time while it publishes. They must not put its own look off.
#[tokio::test]
async fn a_broker_that_publishes_all_the_time_looks_all_the_same() {
    let storage = MemoryStorage::new();
    let build = || {
        let builder = Broker::builder().storage(storage.clone());
        builder.poll_interval(Duration::from_millis(50)).build().unwrap()
    };
    let (here, there) = (session(&build()).await, session(&build()).await);
    here.publish(event("/gone", "x")).await.unwrap();
    let busy = {
        let here = here.clone();
        tokio::spawn(async move {
            loop {
                here.publish(event("/busy", "x")).await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    };
    there.delete_channel(&channel("/gone")).await.unwrap();
    assert_eq!(until_told(&here, "/gone").await, [0; 0]);
    busy.abort();
}
