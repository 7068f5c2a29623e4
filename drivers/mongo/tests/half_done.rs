//! Whatever step a broker was killed after: what is there is true as it stands, and the next trim finishes it.
//!
//! Each test makes the state that stands between two steps, as the first of them leaves it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

use eventweir::{
    Catalog, ChannelName, Commit, CursorMove, CursorName, Direction, Epoch, ErrorKind, EventId, Expect,
    NewEvent, Page, ReadQuery, Receipt, Retention, Selector, Sequence, Start, Storage, StreamName, Timestamp,
};
use eventweir_mongo::{MongoConfig, MongoStorage};
use eventweir_test_servers::mongo::MongoServer;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use std::time::Duration;

struct Bench {
    server: MongoServer,
    name: String,
    storage: MongoStorage,
    database: Database,
}

impl Bench {
    /// Six events in four documents: `/a` 1 and 4, `/b` 2 and 5, `/c` 3 and 6.
    async fn start() -> Self {
        let server = MongoServer::start().await.unwrap();
        let name = MongoServer::new_database();
        let storage = open(&server, &name).await;
        let database = server.client().await.unwrap().database(&name);
        let bench = Self { server, name, storage, database };
        bench.publish(&["/a", "/b"]).await;
        bench.publish(&["/c"]).await;
        bench.publish(&["/a"]).await;
        bench.publish(&["/b", "/c"]).await;
        bench
    }

    async fn publish(&self, channels: &[&str]) -> Receipt {
        let head = self.storage.bounds(&main()).await.unwrap().head.get();
        let events = channels.iter().zip(head + 1..).map(|(channel, sequence)| {
            let id = EventId::new(&format!("id-{sequence}")).unwrap();
            NewEvent::identified(id, channel_name(channel), format!("data {sequence}"))
        });
        self.storage.commit(&main(), &Commit::append(events)).await.unwrap()
    }

    /// Changes the stream's record, as a step does.
    async fn record(&self, change: Document) {
        let streams = self.database.collection::<Document>("weir_streams");
        let updated = streams.update_one(doc! { "_id": "main" }, change).await.unwrap();
        assert_eq!(updated.matched_count, 1);
    }

    async fn count(&self, collection: &str, of: Document) -> u64 {
        self.database.collection::<Document>(collection).count_documents(of).await.unwrap()
    }

    /// Lets somebody else finish, who knows nothing yet.
    async fn trim(&self) {
        let other = open(&self.server, &self.name).await;
        while other.trim(&main(), &Retention::FOREVER, Timestamp::now()).await.unwrap().more {}
        other.close().await.unwrap();
    }

    async fn page(&self, selector: &str, after: u64) -> Page {
        let selector = Selector::new([selector.parse().unwrap()]).unwrap();
        let start = Start::After(Sequence::new(after).unwrap());
        self.storage.read(&main(), &ReadQuery::new(selector, start)).await.unwrap()
    }

    /// Checks what readers see: the sequences of all events, and the gap of each selection after a place.
    async fn expect(&self, events: &[u64], gaps: &[(&str, u64, Option<u64>)]) {
        for direction in [Direction::Ascending, Direction::Descending] {
            let query = ReadQuery::new(Selector::all(), Start::Earliest).with_direction(direction);
            let mut seen = sequences(&self.storage.read(&main(), &query).await.unwrap());
            if direction == Direction::Descending {
                seen.reverse();
            }
            assert_eq!(seen, events, "{direction:?}");
        }
        for (selector, after, resume_at) in gaps {
            let gap = self.page(selector, *after).await.gap.map(|gap| gap.resume_at.get());
            assert_eq!(gap, *resume_at, "the gap of {selector} after {after}");
        }
        let usage = self.storage.usage(&main()).await.unwrap();
        assert_eq!(usage.events, events.len() as u64);
        assert_eq!(usage.bytes, 6 * events.len() as u64);
        assert_eq!(usage.bounds.first.get(), *events.first().unwrap());
    }

    /// Checks that every id is known, and what the channels' heads are.
    async fn expect_known(&self) {
        for sequence in 1..=6 {
            let id = EventId::new(&format!("id-{sequence}")).unwrap();
            let again = Commit::append([NewEvent::identified(id, channel_name("/x"), "again")]);
            let placed = self.storage.commit(&main(), &again).await.unwrap().events[0];
            assert_eq!((placed.sequence.get(), placed.duplicate), (sequence, true));
        }
        for (channel, head) in [("/a", 4), ("/b", 5), ("/c", 6)] {
            let expect = Expect::ChannelHead(channel_name(channel), Sequence::new(head).unwrap());
            self.storage.commit(&main(), &Commit::new().with_expect(expect)).await.unwrap();
        }
    }
}

async fn open(server: &MongoServer, name: &str) -> MongoStorage {
    MongoStorage::open(MongoConfig::from_url(&server.uri_of(name)).unwrap()).await.unwrap()
}

fn main() -> StreamName {
    StreamName::main()
}

fn channel_name(name: &str) -> ChannelName {
    ChannelName::new(name).unwrap()
}

fn sequences(page: &Page) -> Vec<u64> {
    page.events.iter().map(|event| event.sequence.get()).collect()
}

/// The first three events are removed: one document in half.
fn removed() -> Document {
    doc! {
        "$set": { "first": 4_i64, "gone_to": 3_i64 },
        "$inc": { "v": 1_i64, "gone_events": 3_i64, "gone_bytes": 18_i64 },
    }
}

const AFTER_REMOVAL: &[(&str, u64, Option<u64>)] = &[
    ("/a", 0, Some(2)),
    ("/b", 0, Some(3)),
    ("/b", 2, None),
    ("/c", 1, Some(4)),
    ("/**", 0, Some(4)),
    ("/*", 3, None),
    ("subtree:/c", 0, Some(4)),
];

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_removed_and_still_in_the_log() {
    let bench = Bench::start().await;
    bench.record(removed()).await;
    for _ in 0..2 {
        bench.expect(&[4, 5, 6], AFTER_REMOVAL).await;
        bench.expect_known().await;
        bench.trim().await;
    }
    assert_eq!(bench.count("weir_log", doc! { "ev": { "$exists": true } }).await, 2);
    assert_eq!(bench.count("weir_removed", doc! {}).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_channels_that_are_noted_in_part() {
    let bench = Bench::start().await;
    bench.record(removed()).await;
    bench.trim().await;
    // As if only one of them had come to be noted.
    let removed = bench.database.collection::<Document>("weir_removed");
    removed.delete_many(doc! { "c": { "$ne": "/b" } }).await.unwrap();
    bench.record(doc! { "$set": { "folded": 1_i64, "stripped": 1_i64 } }).await;
    let log = bench.database.collection::<Document>("weir_log");
    let event =
        |q: i64, c: &str| doc! { "q": q, "i": format!("eid-{q}"), "c": c, "t": 0_i64, "z": 6_i64, "d": "" };
    let first = doc! { "ev": [event(1, "/a"), event(2, "/b")], "ch": ["=/a", "=/b"] };
    log.update_one(doc! { "n": 1 }, doc! { "$set": first, "$unset": { "gone": "" } }).await.unwrap();
    let second = doc! { "ev": [event(3, "/c")], "ch": ["=/c"] };
    log.update_one(doc! { "n": 2 }, doc! { "$set": second, "$unset": { "gone": "" } }).await.unwrap();
    let fresh = open(&bench.server, &bench.name).await;
    let bench = Bench { storage: fresh, ..bench };
    for _ in 0..2 {
        bench.expect(&[4, 5, 6], AFTER_REMOVAL).await;
        bench.expect_known().await;
        bench.trim().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn noted_channels_whose_events_are_still_in_the_log() {
    let bench = Bench::start().await;
    bench.record(removed()).await;
    bench.trim().await;
    bench.record(doc! { "$set": { "stripped": 1_i64 } }).await;
    let log = bench.database.collection::<Document>("weir_log");
    log.update_one(doc! { "n": 1 }, doc! { "$unset": { "gone": "" } }).await.unwrap();
    bench.trim().await;
    bench.expect(&[4, 5, 6], AFTER_REMOVAL).await;
    assert_eq!(bench.count("weir_log", doc! { "gone": { "$exists": true } }).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_deleted_and_still_in_the_log() {
    let bench = Bench::start().await;
    let change = doc! {
        "$push": { "deleting": { "c": "/b", "to": 5_i64 } },
        "$set": { "gone_to": 5_i64 },
        "$inc": { "v": 1_i64, "deletions": 1_i64, "gone_events": 2_i64, "gone_bytes": 12_i64 },
    };
    bench.record(change).await;
    let gaps = [("/b", 0, Some(6)), ("/b", 5, None), ("/a", 0, None), ("/**", 4, Some(6)), ("/*", 5, None)];
    for _ in 0..2 {
        bench.expect(&[1, 3, 4, 6], &gaps).await;
        bench.expect_known().await;
        bench.trim().await;
    }
    assert_eq!(bench.count("weir_log", doc! { "ev.c": "/b" }).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_that_are_copied_and_still_in_the_log() {
    let bench = Bench::start().await;
    let name = CursorName::new("c").unwrap();
    let force =
        |to: u64| Commit::new().with_cursor(CursorMove::force(name.clone(), Sequence::new(to).unwrap()));
    for turn in 0..100 {
        bench.storage.commit(&main(), &force(turn % 6)).await.unwrap();
    }
    bench.storage.commit(&main(), &force(6)).await.unwrap();
    // A copy of an older document than the newest is no answer.
    bench.trim().await;
    let at = async || bench.storage.cursor(&main(), &name).await.unwrap().map(|cursor| cursor.sequence.get());
    assert_eq!(at().await, Some(6));
    assert!(bench.count("weir_log", doc! { "st": { "$exists": true } }).await <= 64);
    // As if what was copied had not been taken out: an old entry stands in the log alone, beside the copy of a newer one.
    for _ in 0..64 {
        bench.publish(&["/a"]).await;
    }
    bench.trim().await;
    let log = bench.database.collection::<Document>("weir_log");
    let old = doc! { "st": ["cc"], "cu": [{ "k": "c", "q": 1_i64, "t": 0_i64 }] };
    log.update_one(doc! { "n": 20 }, doc! { "$set": old }).await.unwrap();
    bench.record(doc! { "$set": { "cleared": 0_i64 } }).await;
    assert_eq!(at().await, Some(6));
    let cursors = bench.storage.cursors(&main(), None, 10).await.unwrap();
    assert_eq!((cursors.len(), cursors[0].sequence.get()), (1, 6));
    let advance = CursorMove::advance(name.clone(), Sequence::new(1).unwrap(), Sequence::new(3).unwrap());
    let refused = bench.storage.commit(&main(), &Commit::new().with_cursor(advance)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    bench.trim().await;
    assert_eq!(bench.count("weir_log", doc! { "st": { "$exists": true } }).await, 0);
    assert_eq!(at().await, Some(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_deletion_did_not_begin() {
    let bench = Bench::start().await;
    let epoch = bench.storage.bounds(&main()).await.unwrap().epoch;
    let leftovers = bench.database.collection::<Document>("weir_leftovers");
    leftovers.insert_one(doc! { "_id": epoch.get() as i64, "name": "main" }).await.unwrap();
    bench.trim().await;
    bench.expect(&[1, 2, 3, 4, 5, 6], &[("/**", 0, None)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_stream_of_which_something_is_left() {
    let bench = Bench::start().await;
    let before = bench.storage.bounds(&main()).await.unwrap().position();
    let leftovers = bench.database.collection::<Document>("weir_leftovers");
    leftovers.insert_one(doc! { "_id": before.epoch.get() as i64, "name": "main" }).await.unwrap();
    bench.database.collection::<Document>("weir_streams").delete_one(doc! {}).await.unwrap();
    // Its name is used again while its documents are there.
    let receipt = bench.publish(&["/a"]).await;
    assert_ne!(receipt.epoch, before.epoch);
    let page =
        bench.storage.read(&main(), &ReadQuery::new(Selector::all(), Start::At(before))).await.unwrap();
    assert_eq!((sequences(&page), page.reset.map(|reset| reset.refused)), (vec![1], Some(before)));
    bench.trim().await;
    assert_eq!(bench.count("weir_log", doc! { "s": before.epoch.get() as i64 }).await, 0);
    assert_eq!(bench.count("weir_leftovers", doc! {}).await, 0);
    assert_eq!(sequences(&bench.page("/**", 0).await), [1]);
}

/// A writer stood still. Others went on, and what they wrote was removed together with its ids: the number that it wants is free.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_out_of_date_finds_out() {
    let bench = Bench::start().await;
    let other = MongoConfig::from_url(&bench.server.uri_of(&bench.name)).unwrap();
    let other = MongoStorage::open(other.with_dedup_window(Duration::ZERO)).await.unwrap();
    for number in 0..100 {
        let event = NewEvent::new(channel_name("/others"), format!("{number}"));
        other.commit(&main(), &Commit::append([event])).await.unwrap();
    }
    let keep = Retention { max_events: Some(1), ..Retention::FOREVER };
    let gone = doc! { "n": { "$gte": 5, "$lte": 20 } };
    for _ in 0..50 {
        other.trim(&main(), &keep, Timestamp::now()).await.unwrap();
    }
    assert_eq!(
        bench.count("weir_log", gone.clone()).await,
        0,
        "the numbers after the writer's last one are free"
    );
    let late = Commit::append([NewEvent::new(channel_name("/a"), "late")]);
    let receipt = bench.storage.commit(&main(), &late).await.unwrap();
    assert_eq!(receipt.events[0].sequence.get(), 107);
    assert_eq!(bench.count("weir_log", gone).await, 0, "what was out of date was taken back");
    let head = other.bounds(&main()).await.unwrap().head;
    let page = other.read(&main(), &ReadQuery::new(Selector::all(), Start::Earliest)).await.unwrap();
    assert_eq!((head.get(), sequences(&page)), (107, vec![106, 107]));
}

/// As above, and the stream itself was deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_to_a_stream_that_is_gone_begins_the_new_one() {
    let bench = Bench::start().await;
    let before: Epoch = bench.storage.bounds(&main()).await.unwrap().epoch;
    let other = open(&bench.server, &bench.name).await;
    other.delete_stream(&main()).await.unwrap();
    let event = NewEvent::new(channel_name("/a"), "late");
    let receipt = bench.storage.commit(&main(), &Commit::append([event])).await.unwrap();
    assert_ne!(receipt.epoch, before);
    assert_eq!(receipt.events[0].sequence.get(), 1);
    assert_eq!(bench.count("weir_log", doc! { "s": before.get() as i64 }).await, 0);
}
