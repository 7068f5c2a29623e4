//! The SQLite driver keeps the laws.
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use eventweir::Result;
use eventweir::clock::ManualClock;
use eventweir_conformance::Harness;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

struct Sqlite;

impl Harness for Sqlite {
    type Storage = SqliteStorage;
    type Guard = TempDir;

    async fn fresh(&self) -> Result<(SqliteStorage, TempDir)> {
        let dir = tempfile::tempdir().expect("a directory for the files");
        Ok((SqliteStorage::open(config(dir.path())).await?, dir))
    }

    /// Dropped, not closed: a restart is rarely announced.
    async fn reopen(&self, old: SqliteStorage, dir: &TempDir) -> Result<Option<SqliteStorage>> {
        drop(old);
        SqliteStorage::open(config(dir.path())).await.map(Some)
    }

    fn place(&self, dir: &TempDir) -> Option<String> {
        dir.path().to_str().map(str::to_owned)
    }

    async fn open(&self, place: &str) -> Result<SqliteStorage> {
        SqliteStorage::open(config(Path::new(place))).await
    }

    async fn small(&self) -> Result<Option<(SqliteStorage, TempDir)>> {
        let dir = tempfile::tempdir().expect("a directory for the files");
        let config = config(dir.path()).with_max_bytes(2 << 20);
        Ok(Some((SqliteStorage::open(config).await?, dir)))
    }

    async fn with_clock(&self, clock: ManualClock) -> Result<Option<(SqliteStorage, TempDir)>> {
        let dir = tempfile::tempdir().expect("a directory for the files");
        let config = config(dir.path()).with_clock(Arc::new(clock));
        Ok(Some((SqliteStorage::open(config).await?, dir)))
    }
}

/// Runs are written all the time, so that every property meets them.
fn config(dir: &Path) -> SqliteConfig {
    SqliteConfig::at(dir.join("events.db")).with_tail_events(7)
}

eventweir_conformance::storage_suite!(Sqlite);
