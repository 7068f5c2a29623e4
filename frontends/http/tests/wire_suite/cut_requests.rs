//! Publications that are cut at every byte, on the way there and back: what is said of them is true, and repeating them is safe.

use crate::host::InProcess;
use eventweir::{ChannelName, ContentType, Effect, NewEvent, Selector};
use eventweir_conformance::{From, Host, Protocol, Proxy, Told, clients};
use std::collections::HashMap;

/// No request and no answer here is as long.
const LONGEST: u64 = 4096;

#[tokio::test]
async fn requests_of_the_native_api() {
    cut_at_every_byte(clients::native_polling(), Proxy::cut_requests, 1).await;
}

#[tokio::test]
async fn requests_of_batches() {
    cut_at_every_byte(clients::native_polling(), Proxy::cut_requests, 3).await;
}

#[tokio::test]
async fn answers_of_the_native_api() {
    cut_at_every_byte(clients::native_polling(), Proxy::cut_answers, 1).await;
}

#[tokio::test]
async fn answers_to_batches() {
    cut_at_every_byte(clients::native_polling(), Proxy::cut_answers, 3).await;
}

#[tokio::test]
async fn requests_of_rse() {
    cut_at_every_byte(clients::rse(), Proxy::cut_requests, 1).await;
}

#[tokio::test]
async fn answers_of_rse() {
    cut_at_every_byte(clients::rse(), Proxy::cut_answers, 1).await;
}

async fn cut_at_every_byte(protocol: Protocol, cut: fn(&Proxy, u64), at_once: usize) {
    let host = InProcess::new();
    let address = host.start().await.unwrap();
    let proxy = Proxy::start(address.socket()).await.unwrap();
    let through = address.clone().through(proxy.address());
    let mut publisher = protocol.connect(through.clone()).await.unwrap();
    let mut counts: HashMap<Effect, usize> = HashMap::new();
    // The connection is there from now on.
    publisher.publish(&events(1)).await.unwrap();
    let mut published = 1;
    for bytes in 0..LONGEST {
        cut(&proxy, bytes);
        let events = events(at_once);
        published += at_once;
        let Err(error) = publisher.publish(&events).await else {
            let log = log(&protocol, address).await;
            assert_eq!(log, published, "an event was lost or doubled");
            assert!(bytes > 50 && counts[&Effect::Unknown] > 50, "{bytes} bytes: {counts:?}");
            return host.leave().await.unwrap();
        };
        *counts.entry(error.effect()).or_default() += 1;
        publisher = protocol.connect(through.clone()).await.unwrap();
        for receipt in publisher.publish(&events).await.unwrap() {
            assert!(
                error.effect() == Effect::Unknown || receipt.duplicate == Some(false),
                "cut after {bytes} bytes it was said not to have happened: {error:?}"
            );
        }
    }
    panic!("nothing came whole in {LONGEST} bytes");
}

fn events(count: usize) -> Vec<NewEvent> {
    let event = |_| NewEvent::new(channel(), "{\"a\":1}").with_content_type(ContentType::JSON);
    (0..count).map(event).collect()
}

/// Counts the events that are there.
async fn log(protocol: &Protocol, address: eventweir_conformance::Address) -> usize {
    let mut reader = protocol.connect(address).await.unwrap();
    reader.follow(&Selector::exact(channel()), &From::Earliest).await.unwrap();
    let mut count = 0;
    loop {
        let told = reader.next().await.unwrap();
        if told.is_empty() {
            return count;
        }
        count += told.iter().filter(|told| matches!(told, Told::Event(_))).count();
    }
}

fn channel() -> ChannelName {
    ChannelName::new("/a").unwrap()
}
