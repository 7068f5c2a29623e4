//! D2 and the whole promise: with publishers at work, readers who follow the cursor rule miss nothing and see nothing twice.

use crate::support::{Server, shared};
use std::collections::BTreeMap;
use std::sync::Arc;

const PUBLISHERS: usize = 3;
const EVENTS_OF_EACH: usize = 700;
const CHANNELS: [&str; 4] = ["/a", "/a/b", "/a/b/c", "/a/bc"];
/// What each selection is made of.
const SELECTIONS: [(&str, &[&str]); 4] = [
    ("/a/b?events=exact", &["/a/b"]),
    ("/a/b/c?events=parent", &["/a", "/a/b", "/a/b/c"]),
    ("/a/b?events=all", &["/a/b", "/a/b/c"]),
    ("/a?events=all&wait=1", &CHANNELS),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d02_readers_of_every_selection_see_every_event_once() {
    let server = shared(Server::start().await);
    let readers: Vec<_> = SELECTIONS
        .iter()
        .flat_map(|(target, _)| [1, 7, 200].map(|limit| (*target, limit)))
        .map(|(target, limit)| tokio::spawn(read_to_the_end(server.clone(), target, limit)))
        .collect();
    let publishers: Vec<_> =
        (0..PUBLISHERS).map(|number| tokio::spawn(publish(server.clone(), number))).collect();
    let mut published = BTreeMap::new();
    for publisher in publishers {
        published.extend(publisher.await.unwrap());
    }
    assert_eq!(published.len(), PUBLISHERS * EVENTS_OF_EACH, "no id was given twice");
    for channel in CHANNELS {
        server.publish(channel, "[\"end\"]").await;
    }
    let expected = SELECTIONS.iter().flat_map(|(_, channels)| [channels; 3]).map(|channels| {
        published.iter().filter(|(_, channel)| channels.contains(channel)).map(|(id, _)| *id).collect()
    });
    for (reader, expected) in readers.into_iter().zip(expected) {
        let (target, seen) = reader.await.unwrap();
        let expected: Vec<u64> = expected;
        assert_eq!(seen, expected, "{target}");
    }
}

async fn publish(server: Arc<Server>, number: usize) -> Vec<(u64, &'static str)> {
    let mut ids = Vec::new();
    for event in 0..EVENTS_OF_EACH {
        let channel = CHANNELS[(event * 7 + number) % CHANNELS.len()];
        ids.push((server.publish(channel, &format!("[{number},{event}]")).await, channel));
    }
    ids
}

/// Polls as the protocol tells clients to, until every channel of the selection has had its end.
async fn read_to_the_end(
    server: Arc<Server>,
    target: &'static str,
    limit: usize,
) -> (&'static str, Vec<u64>) {
    let channels = SELECTIONS.iter().find(|(other, _)| *other == target).unwrap().1;
    let (mut cursor, mut seen, mut ends) = (0, Vec::new(), 0);
    while ends < channels.len() {
        let answer = server.get(&format!("{target}&max-events={limit}&last-known-id={cursor}")).await;
        assert_eq!((answer.header("x-rse-gap"), answer.header("x-rse-reset")), (None, None));
        for event in answer.events() {
            cursor = event["id"].as_u64().unwrap();
            match event["data"] == serde_json::json!(["end"]) {
                true => ends += 1,
                false => seen.push(cursor),
            }
        }
    }
    (target, seen)
}
