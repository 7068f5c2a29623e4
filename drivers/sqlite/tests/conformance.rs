//! The SQLite driver keeps the laws.
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use eventweir::Result;
use eventweir_conformance::Harness;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Keeps the directories until the property is done: properties that never reopen a store let go of its guard early.
#[derive(Default)]
struct Sqlite(Mutex<Vec<Arc<TempDir>>>);

impl Harness for Sqlite {
    type Storage = SqliteStorage;
    type Guard = Arc<TempDir>;

    async fn fresh(&self) -> Result<(SqliteStorage, Arc<TempDir>)> {
        let dir = Arc::new(tempfile::tempdir().expect("a directory for the files"));
        self.0.lock().expect("nobody panicked").push(dir.clone());
        Ok((SqliteStorage::open(config(&dir)).await?, dir))
    }

    /// Dropped, not closed: a restart is rarely announced.
    async fn reopen(&self, old: SqliteStorage, dir: &Arc<TempDir>) -> Result<Option<SqliteStorage>> {
        drop(old);
        SqliteStorage::open(config(dir)).await.map(Some)
    }
}

/// Runs are written all the time, so that every property meets them.
fn config(dir: &TempDir) -> SqliteConfig {
    SqliteConfig::at(dir.path().join("events.db")).with_tail_events(7)
}

eventweir_conformance::storage_suite!(Sqlite::default());
