//! A client that is cut off anywhere and comes back misses nothing and gets nothing twice.

use crate::client::{Client, Message, parse};
use crate::common::Served;
use proptest::prelude::*;

const EVENTS: usize = 40;

/// Follows `/a` from the beginning, cut off after so many bytes of each stream, until all its events have come.
async fn follow_with_cuts(served: &Served, cuts: &[usize], in_header: bool) -> Vec<Message> {
    let (mut seen, mut last_id) = (Vec::new(), String::new());
    let mut cuts = cuts.iter().copied().chain(std::iter::repeat(usize::MAX));
    while seen.len() < EVENTS {
        let cut = cuts.next().unwrap();
        let (query, header) = match (last_id.as_str(), in_header) {
            ("", _) => (String::new(), String::new()),
            (id, true) => (String::new(), format!("Last-Event-ID: {id}\r\n")),
            (id, false) => (format!("&lastEventId={id}"), String::new()),
        };
        let target = format!("/a?data=raw&after=earliest{query}");
        let mut client = Client::open_with(served.address, &target, &header).await;
        while client.body.len() < cut && seen.len() + parse(&client.body).0.len() < EVENTS {
            assert!(client.more().await);
        }
        client.body.truncate(cut);
        let (messages, id) = parse(&client.body);
        seen.extend(messages);
        if !id.is_empty() {
            last_id = id;
        }
    }
    seen
}

/// Half of the events are there before the client comes, the others come while it follows; others' events come between.
async fn all_come_once(cuts: &[usize], in_header: bool) {
    let served = Served::with_fast_heartbeat().await;
    let publish = async |range: std::ops::Range<usize>| {
        for n in range {
            served.publish("/elsewhere", "not for this client").await;
            served.publish("/a", format!("line {n}\nand another")).await;
            tokio::task::yield_now().await;
        }
    };
    publish(0..EVENTS / 2).await;
    let (seen, ()) = tokio::join!(follow_with_cuts(&served, cuts, in_header), publish(EVENTS / 2..EVENTS));
    let expected: Vec<_> = (0..EVENTS).map(|n| format!("line {n}\nand another")).collect();
    let data: Vec<_> = seen.into_iter().map(|message| message.data).collect();
    assert_eq!(data, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_cuts_any_way(cuts in prop::collection::vec(1usize..700, 1..24), in_header: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(all_come_once(&cuts, in_header));
    }
}

#[tokio::test]
async fn every_byte_is_a_place_to_be_cut_off() {
    let served = Served::start().await;
    for n in 0..3 {
        served.publish("/a", n).await;
    }
    let mut whole = Client::open(served.address, "/a?data=raw&after=earliest").await;
    whole.messages(3).await;
    for cut in 0..=whole.body.len() {
        let (before, id) = parse(&whole.body[..cut]);
        let target = format!("/a?data=raw&after=earliest&last-event-id={id}");
        let mut rest = Client::open(served.address, &target).await;
        let missing = 3 - before.len();
        let after = if missing > 0 { rest.messages(missing).await } else { Vec::new() };
        let data: Vec<_> = before.iter().chain(&after).map(|message| message.data.clone()).collect();
        assert_eq!(data, ["0", "1", "2"], "cut after {cut} bytes");
    }
}

#[tokio::test]
async fn who_is_cut_off_before_the_first_event_misses_none() {
    let served = Served::start().await;
    let mut client = Client::open(served.address, "/a?data=raw").await;
    client.until_text("id: ").await;
    client.until(|body| body.ends_with(b"\n\n")).await;
    let (_, id) = parse(&client.body);
    drop(client);
    served.publish("/a", "in between").await;
    let header = format!("Last-Event-ID: {id}\r\n");
    let mut again = Client::open_with(served.address, "/a?data=raw", &header).await;
    assert_eq!(again.messages(1).await[0].data, "in between");
}
