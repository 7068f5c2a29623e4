//! A client that does not read costs bounded memory, holds nobody up, and misses nothing when it reads again.

use crate::client::Client;
use crate::common::{Served, channel};
use eventweir::{Commit, NewEvent};

const EVENTS: usize = 100_000;
const STUCK: usize = 16;
/// What the store and the tail hold of so many events, with room; a queue for each stuck client would need ten times as much.
const MOST_GROWTH: usize = 320 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_readers_cost_little_and_lose_nothing() {
    let served = Served::start().await;
    let mut fast = Client::open(served.address, "/a?data=raw").await;
    fast.until_text("id:").await;
    // Each has a selection of its own, so that nothing is shared but the events.
    let mut stuck = Vec::new();
    for n in 0..STUCK {
        let mut client = Client::open(served.address, &format!("/a?data=raw&channel=/other/{n}")).await;
        client.until_text("id:").await;
        stuck.push(client);
    }
    let before = resident_bytes();
    let (count, ()) = tokio::join!(count_messages(fast), publish_all(&served));
    assert_eq!(count, EVENTS);
    let growth = resident_bytes().saturating_sub(before);
    assert!(growth < MOST_GROWTH, "{STUCK} stuck clients: the process grew by {} MiB", growth >> 20);
    assert_eq!(count_messages(stuck.pop().unwrap()).await, EVENTS);
}

async fn publish_all(served: &Served) {
    let padding = "x".repeat(240);
    for batch in 0..EVENTS / 500 {
        let events = (0..500).map(|n| {
            let number = batch * 500 + n;
            NewEvent::new(channel("/a"), format!("{number} {padding}"))
        });
        served.session.commit(Commit::append(events)).await.unwrap();
    }
}

/// Reads all events and checks that none is missing or doubled, keeping nothing.
async fn count_messages(mut client: Client) -> usize {
    let mut count = 0;
    while count < EVENTS {
        let whole = client.body.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in client.body.drain(..whole).collect::<Vec<_>>().split(|byte| *byte == b'\n') {
            if let Some(data) = line.strip_prefix(b"data: ") {
                let number = std::str::from_utf8(data).unwrap().split(' ').next().unwrap();
                assert_eq!(number.parse::<usize>().unwrap(), count);
                count += 1;
            }
        }
        if count < EVENTS {
            assert!(client.more().await);
        }
    }
    count
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
