//! What is not a whole store of this driver is refused with one sentence, and left as it is byte for byte.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use rusqlite::Connection;
use std::path::Path;
use support::*;

async fn assert_refused(path: &Path, kind: ErrorKind, says: &str) {
    let before = std::fs::read(path).unwrap();
    let error = SqliteStorage::open(SqliteConfig::at(path)).await.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(says), "{error}");
    assert!(!error.message().contains('\n'));
    assert_eq!(std::fs::read(path).unwrap(), before, "the file was changed");
}

#[tokio::test]
async fn files_of_others_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    for garbage in [&b"hello"[..], &[0; 5000], &b"SQLite format 4".repeat(99)] {
        std::fs::write(&path, garbage).unwrap();
        assert_refused(&path, ErrorKind::Corrupt, "is no SQLite database").await;
    }
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("create table t(x); insert into t values (1)").unwrap();
    assert_refused(&path, ErrorKind::Corrupt, "of another program").await;
    let error = SqliteStorage::open(SqliteConfig::at(dir.path())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let error = SqliteStorage::open(SqliteConfig::at(dir.path().join("no/such/dir.db"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}

#[tokio::test]
async fn parts_of_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let storage = open(&path).await;
    for n in 0..100 {
        publish(&storage, "/a", &format!("{n}").repeat(500)).await;
    }
    storage.close().await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in [7, 50, 100, 4096, 5000, whole.len() / 2, whole.len() - 1, whole.len() - 4096] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_refused(&path, ErrorKind::Corrupt, "is cut off").await;
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(all(&open(&path).await, "/a").await.len(), 100);
}

#[tokio::test]
async fn files_of_newer_versions_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    open(&path).await.close().await.unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert_refused(&path, ErrorKind::Unsupported, "is of version 99").await;
}

#[tokio::test]
async fn an_empty_file_becomes_a_store_unless_a_log_is_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    std::fs::write(&path, "").unwrap();
    std::fs::write(dir.path().join("events.db-wal"), "of a database that is gone").unwrap();
    assert_refused(&path, ErrorKind::Corrupt, "move it away").await;
    std::fs::remove_file(dir.path().join("events.db-wal")).unwrap();
    publish(&open(&path).await, "/a", "1").await;
}
