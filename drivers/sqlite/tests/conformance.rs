//! The SQLite driver keeps the laws.
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use eventweir::Result;
use eventweir_conformance::Harness;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use tempfile::TempDir;

struct Sqlite;

impl Harness for Sqlite {
    type Storage = SqliteStorage;
    type Guard = TempDir;

    async fn fresh(&self) -> Result<(SqliteStorage, TempDir)> {
        let dir = tempfile::tempdir().expect("a directory for the files");
        Ok((SqliteStorage::open(config(&dir)).await?, dir))
    }

    /// Dropped, not closed: a restart is rarely announced.
    async fn reopen(&self, old: SqliteStorage, dir: &TempDir) -> Result<Option<SqliteStorage>> {
        drop(old);
        SqliteStorage::open(config(dir)).await.map(Some)
    }
}

/// Runs are written all the time, so that every property meets them.
fn config(dir: &TempDir) -> SqliteConfig {
    SqliteConfig::at(dir.path().join("events.db")).with_tail_events(7)
}

eventweir_conformance::storage_suite!(Sqlite);
