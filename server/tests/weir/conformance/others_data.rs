//! A store with other people's data holds exactly the same after a run.

use super::conformance;
use eventweir::{
    ChannelName, Commit, Cursor, CursorMove, CursorName, EventId, NewEvent, ReadQuery, Record, RecordChange,
    RecordExpect, RecordKey, Retention, Selector, Sequence, Start, Storage, StreamName, Timestamp, Usage,
};
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use std::path::Path;
use std::sync::Arc;

/// Everything that somebody has in a stream.
#[derive(Debug, PartialEq)]
struct Holding {
    events: Vec<String>,
    usage: Usage,
    cursors: Vec<Cursor>,
    record: Option<Record>,
}

#[test]
fn others_data_is_neither_changed_nor_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let before = at(&path, async |storage| {
        for stream in [StreamName::main(), name("orders"), name("conformance-of-somebody-else")] {
            fill(&storage, &stream).await;
        }
        holdings(&storage).await
    });
    assert_eq!(before.len(), 3);
    let mut arguments = vec!["--storage", "sqlite:events.db", "--json", "-", "--seed", "3"];
    // All of the bare store, and of each other level those that disturb most.
    for only in ["storage", "broker::told", "brokers::no-duplicate", "sse::durable", "native polling::told"] {
        arguments.extend(["--only", only]);
    }
    let ran = conformance(folder.path(), &arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for secret in ["/private", "somebody", "orders"] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{secret} in {ran:?}");
    }
    assert_eq!(at(&path, async |storage| holdings(&storage).await), before);
}

fn at<T>(path: &Path, work: impl AsyncFn(Arc<SqliteStorage>) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let storage = Arc::new(SqliteStorage::open(SqliteConfig::at(path)).await.unwrap());
        let done = work(storage.clone()).await;
        storage.close().await.unwrap();
        done
    })
}

/// Publishes, moves a cursor, sets a record, and trims a little, so that there is a gap.
async fn fill(storage: &SqliteStorage, stream: &StreamName) {
    let event = |number: u64| {
        let mut event = NewEvent::new(ChannelName::new("/private").unwrap(), format!("{stream} {number}"));
        event.id = EventId::new(&format!("id-{number}")).unwrap();
        event
    };
    storage.commit(stream, &Commit::append((0..50).map(event))).await.unwrap();
    let mut commit = Commit::new();
    commit.cursors.push(CursorMove::create(CursorName::new("somebody").unwrap(), Sequence::new(7).unwrap()));
    let value = Some("secret".into());
    commit.records.push(RecordChange { key: key(), expect: RecordExpect::Absent, value });
    storage.commit(stream, &commit).await.unwrap();
    let retention = Retention { max_events: Some(40), ..Retention::FOREVER };
    storage.trim(stream, &retention, Timestamp::now()).await.unwrap();
}

async fn holdings(storage: &SqliteStorage) -> Vec<(StreamName, Holding)> {
    let catalog = storage.catalog().unwrap();
    let mut holdings = Vec::new();
    for stream in catalog.streams().await.unwrap() {
        let mut query = ReadQuery::new(Selector::all(), Start::Earliest);
        query.limit = 1000;
        let page = storage.read(&stream, &query).await.unwrap();
        assert!(!page.more);
        let holding = Holding {
            events: page.events.iter().map(|event| format!("{event:?}")).collect(),
            usage: catalog.usage(&stream).await.unwrap(),
            cursors: catalog.cursors(&stream, None, 1000).await.unwrap(),
            record: storage.record(&stream, &key()).await.unwrap(),
        };
        holdings.push((stream, holding));
    }
    holdings
}

fn key() -> RecordKey {
    RecordKey::new("somebody").unwrap()
}

fn name(text: &str) -> StreamName {
    StreamName::new(text).unwrap()
}
