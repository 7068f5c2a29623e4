//! A file of version 1 of the schema is brought to the present one, and read where it cannot be.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use rusqlite::Connection;
use std::path::Path;
use support::*;

/// The tables as version 1 made them.
const V1: &str = include_str!("support/v1.sql");

/// What makes the tables, in the order of their names.
fn tables(connection: &Connection) -> Vec<(String, String)> {
    let mut statement = connection
        .prepare("select name, sql from sqlite_master where sql is not null order by name")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(|row| row.unwrap()).filter(|(name, _): &(String, String)| !name.starts_with("sqlite_")).collect()
}

/// Makes a store and takes it back to version 1: the file is then what the driver of that time left.
async fn make_version_1(path: &Path) -> Position {
    let storage = open(path).await;
    for (channel, data) in [("/a", "1"), ("/b", "2"), ("/a", "3")] {
        publish(&storage, channel, data).await;
    }
    let position = storage.bounds(&main_stream()).await.unwrap().position();
    storage.close().await.unwrap();
    drop(storage);
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("alter table streams drop column deletions; pragma user_version = 1").unwrap();
    let as_of_then = Connection::open_in_memory().unwrap();
    as_of_then.execute_batch(V1).unwrap();
    assert_eq!(tables(&connection), tables(&as_of_then));
    position
}

#[tokio::test]
async fn a_file_of_version_1_is_migrated() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let position = make_version_1(&path).await;

    let storage = open(&path).await;
    let bounds = storage.bounds(&main_stream()).await.unwrap();
    assert_eq!((bounds.position(), bounds.deletions), (position, 0));
    assert_eq!(all(&storage, "/a").await, [(1, "1".to_owned()), (3, "3".to_owned())]);
    let gone = storage.delete_channel(&main_stream(), &ChannelName::new("/a").unwrap()).await.unwrap();
    assert_eq!((gone, storage.bounds(&main_stream()).await.unwrap().deletions), (2, 1));
    storage.close().await.unwrap();
    drop(storage);

    let storage = open(&path).await;
    assert_eq!(storage.bounds(&main_stream()).await.unwrap().deletions, 1);
    storage.close().await.unwrap();
    let version = |path| -> i32 {
        let connection = Connection::open(path).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&path), 2);
    // The same tables as those of a new file.
    let new = dir.path().join("new.db");
    open(&new).await.close().await.unwrap();
    assert_eq!(tables(&Connection::open(&path).unwrap()), tables(&Connection::open(&new).unwrap()));
}

#[tokio::test]
async fn a_file_of_version_1_that_another_process_writes_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let position = make_version_1(&path).await;
    // Whoever holds this lock is the one who writes.
    let lock = std::fs::File::open(dir.path().join("events.db.lock")).unwrap();
    lock.lock().unwrap();
    let reader = open(&path).await;
    assert!(!reader.is_writer());
    let bounds = reader.bounds(&main_stream()).await.unwrap();
    assert_eq!((bounds.position(), bounds.deletions), (position, 0));
    assert_eq!(all(&reader, "/b").await, [(2, "2".to_owned())]);

    // The same reader goes on reading once somebody has migrated the file.
    drop(lock);
    let writer = open(&path).await;
    assert!(writer.is_writer());
    writer.delete_channel(&main_stream(), &ChannelName::new("/a").unwrap()).await.unwrap();
    assert_eq!(reader.bounds(&main_stream()).await.unwrap().deletions, 1);
    assert_eq!(all(&reader, "/**").await, [(2, "2".to_owned())]);
}
