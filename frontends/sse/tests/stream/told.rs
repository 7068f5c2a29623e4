//! What a client is told instead of being let down silently.

use crate::client::Client;
use crate::common::Served;
use eventweir::{Retention, StreamName};
use serde_json::{Value, json};

#[tokio::test]
async fn removed_events_are_told_as_a_gap() {
    let served = Served::start().await;
    for n in 1..=10 {
        served.publish("/a", n).await;
    }
    let mut retention = Retention::FOREVER;
    retention.max_events = Some(3);
    served.session.trim(&StreamName::main(), &retention).await.unwrap();
    let epoch = served.epoch().await;
    let target = format!("/a?data=raw&lastEventId={epoch}:2");
    let messages = Client::open(served.address, &target).await.messages(4).await;
    let gap = &messages[0];
    assert_eq!(gap.name, "gap");
    assert_eq!(serde_json::from_str::<Value>(&gap.data).unwrap(), json!({"after": 2, "resume_at": 8}));
    let rest: Vec<_> = messages[1..].iter().map(|message| message.data.as_str()).collect();
    assert_eq!(rest, ["8", "9", "10"]);

    let resumed = format!("/a?data=raw&lastEventId={}", gap.id);
    let again = Client::open(served.address, &resumed).await.messages(4).await;
    assert_eq!(again, messages, "who is cut off after the gap is told once more, and misses nothing");
}

#[tokio::test]
async fn a_gap_with_nothing_after_it_is_told_once() {
    let served = Served::start().await;
    for n in 1..=3 {
        served.publish("/a", n).await;
    }
    let epoch = served.epoch().await;
    served.session.delete_channel(&crate::common::channel("/a")).await.unwrap();
    let mut first = Client::open(served.address, &format!("/a?data=raw&lastEventId={epoch}:1")).await;
    let gap = first.messages(1).await.remove(0);
    assert_eq!((gap.name.as_str(), gap.id.as_str()), ("gap", format!("{epoch}:3").as_str()));
    let mut again = Client::open(served.address, &format!("/a?data=raw&lastEventId={}", gap.id)).await;
    served.publish("/a", "next").await;
    let messages = again.messages(1).await;
    assert_eq!(messages[0].data, "next");
}

#[tokio::test]
async fn another_incarnation_is_told_as_a_reset() {
    let served = Served::start().await;
    served.publish("/a", "kept").await;
    let epoch = served.epoch().await;
    let old = "00000000000000ab:7";
    let mut client =
        Client::open_with(served.address, "/a?data=raw", &format!("Last-Event-ID: {old}\r\n")).await;
    let messages = client.messages(2).await;
    assert_eq!(
        (messages[0].name.as_str(), messages[0].id.as_str()),
        ("reset", format!("{epoch}:0").as_str())
    );
    assert_eq!(
        serde_json::from_str::<Value>(&messages[0].data).unwrap(),
        json!({"refused": old, "position": format!("{epoch}:0")})
    );
    assert_eq!(messages[1].data, "kept");
}

#[tokio::test]
async fn a_stream_that_is_begun_anew_is_told_to_those_who_follow() {
    let served = Served::start().await;
    let mut client = Client::open(served.address, "/a?data=raw").await;
    served.publish("/a", "old").await;
    client.messages(1).await;
    served.session.delete_stream(&StreamName::main()).await.unwrap();
    served.publish("/a", "new").await;
    let messages = client.messages(3).await;
    assert_eq!(messages[1].name, "reset");
    assert_eq!(messages[2].data, "new");
}
