//! What goes over the wire, byte by byte.

use crate::client::{Client, parse};
use crate::common::Served;
use eventweir::{ChannelPattern, ReadQuery, Selector, Start};

#[tokio::test]
async fn the_head_and_the_first_bytes_come_at_once() {
    let served = Served::start().await;
    let mut client = Client::open(served.address, "/a").await;
    for line in
        ["content-type: text/event-stream\r\n", "cache-control: no-store\r\n", "x-accel-buffering: no\r\n"]
    {
        assert!(client.head.contains(line), "{}", client.head);
    }
    let epoch = served.epoch().await;
    client.until(|body| body.ends_with(b"\n\n")).await;
    assert_eq!(client.text(), format!("retry: 2000\n: an Eventweir event stream\nid: {epoch}:0\n\n"));
}

#[tokio::test]
async fn an_event_is_its_json_under_its_position() {
    let served = Served::start().await;
    let mut client = Client::open(served.address, "/a?after=earliest").await;
    served.publish_as("application/json", "/a", br#"{"n":1}"#).await;
    served.publish_as("image/png", "/a", b"\x89\n").await;
    client.messages(2).await;
    let query = ReadQuery::new(Selector::pattern(ChannelPattern::all()), Start::Earliest);
    let page = served.session.read(&query).await.unwrap();
    let epoch = served.epoch().await;
    let frames: String = page
        .events
        .iter()
        .map(|event| {
            let json = String::from_utf8(event.to_json().to_vec()).unwrap();
            format!("id: {epoch}:{}\ndata: {json}\n\n", event.sequence)
        })
        .collect();
    assert_eq!(client.text(), format!("retry: 2000\n: an Eventweir event stream\n\n{frames}"));
}

#[tokio::test]
async fn line_ends_within_json_are_only_white_space() {
    let served = Served::start().await;
    let mut client = Client::open(served.address, "/a").await;
    served.publish_as("application/json", "/a", b"{\r\n\"a\":\r[1,\n\n2]}").await;
    let message = client.messages(1).await.remove(0);
    let event: serde_json::Value = serde_json::from_str(&message.data).unwrap();
    assert_eq!(event["data"], serde_json::json!({"a": [1, 2]}));
}

#[tokio::test]
async fn raw_data_comes_exactly() {
    let served = Served::start().await;
    let mut client = Client::open(served.address, "/a?data=raw").await;
    let texts =
        ["", " a", "a\nb\n", "\n", "data: x\n\nid: 7\n\n", "\u{feff}bom", "nul\0nul", ":", "ä\u{2028}"];
    for text in texts {
        served.publish("/a", text).await;
    }
    served.publish_as("image/png", "/a", b"\x89PNG\r\n").await;
    let messages = client.messages(texts.len() + 1).await;
    for (message, text) in messages.iter().zip(texts) {
        assert_eq!((message.name.as_str(), message.data.as_str()), ("message", text));
    }
    let last = &messages[texts.len()];
    assert_eq!((last.name.as_str(), last.data.as_str()), ("binary", "data:image/png;base64,iVBORw0K"));
    assert!(last.id.ends_with(":10"), "{last:?}");
}

#[tokio::test]
async fn both_forms_can_be_followed_side_by_side() {
    let served = Served::start().await;
    let mut json = Client::open(served.address, "/a").await;
    let mut raw = Client::open(served.address, "/a?data=raw").await;
    json.until_text("id:").await;
    raw.until_text("id:").await;
    served.publish("/a", "x").await;
    assert!(json.messages(1).await[0].data.starts_with("{\"sequence\":1,"));
    assert_eq!(raw.messages(1).await[0].data, "x");
}

#[tokio::test]
async fn several_channels_come_in_one_order() {
    let served = Served::start().await;
    let target = "/a?channel=subtree:/b&channel=/c/*&except=me&data=raw&after=earliest";
    let mut client = Client::open(served.address, target).await;
    for name in ["/a", "/b/x", "/z", "/c/1", "/c/1/2", "/b"] {
        served.publish(name, name).await;
    }
    let data: Vec<_> = client.messages(4).await.into_iter().map(|message| message.data).collect();
    assert_eq!(data, ["/a", "/b/x", "/c/1", "/b"]);
}

#[tokio::test]
async fn heartbeats_tell_of_progress_when_nothing_matches() {
    let served = Served::with_fast_heartbeat().await;
    let mut client = Client::open(served.address, "/a").await;
    client.until_text("\n\n:\n\n:\n\n").await;
    served.publish("/elsewhere", 1).await;
    let epoch = served.epoch().await;
    let text = client.until_text(&format!(":\nid: {epoch}:1\n\n:\n\n")).await;
    assert_eq!(parse(text.as_bytes()), (vec![], format!("{epoch}:1")), "no message, but another last id");
    served.publish("/a", 2).await;
    assert_eq!(client.messages(1).await[0].id, format!("{epoch}:2"));
}
