//! A channel that was deleted on one broker is gone on the others.

use crate::running::{PATIENCE, Running, channel, event, events};
use crate::store::redis;
use eventweir::{ChannelName, Selector};
use eventweir_conformance::clients::{self, RemoteHost};
use eventweir_conformance::{Address, From, Host, Place, Told};
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_broker_has_deleted_no_other_gives_from_its_memory() {
    let server = redis().await;
    let running = Running::start(&server.url(), "100ms").await;
    let (channel, other) = (channel("/deleted"), channel("/kept"));
    let mut publisher = running.publisher(0).await;
    // Every broker follows, so that each has the events in its memory.
    let mut followers = Vec::new();
    for broker in 0..3 {
        followers.push(running.follower(broker, &channel).await);
    }
    publisher.publish(&[event(&other, 0)]).await.unwrap();
    let place = place_behind(&running.addresses[0], &other).await;
    for number in 0..5 {
        publisher.publish(&[event(&channel, number)]).await.unwrap();
    }
    for follower in &mut followers {
        assert_eq!(events(&mut **follower, 5).await.len(), 5);
    }
    for address in &running.addresses {
        assert_eq!(read(address, &channel, &place).await.len(), 5);
    }
    RemoteHost::at(running.addresses[0].clone()).remove(&channel).await.unwrap();
    for address in &running.addresses {
        let end = Instant::now() + PATIENCE;
        loop {
            match &read(address, &channel, &place).await[..] {
                [Told::Gap(_)] => break,
                told => assert!(Instant::now() < end, "{address} still has what was deleted: {told:?}"),
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Returns the place behind the events of a channel.
async fn place_behind(address: &Address, channel: &ChannelName) -> Place {
    let mut reader = clients::native_polling().connect(address.clone()).await.unwrap();
    reader.follow(&Selector::exact(channel.clone()), &From::Earliest).await.unwrap();
    assert_eq!(reader.next().await.unwrap().len(), 1);
    reader.place().unwrap()
}

/// Reads a page of a channel.
async fn read(address: &Address, channel: &ChannelName, place: &Place) -> Vec<Told> {
    let mut reader = clients::native_polling().connect(address.clone()).await.unwrap();
    reader.follow(&Selector::exact(channel.clone()), &From::At(place.clone())).await.unwrap();
    reader.next().await.unwrap()
}
