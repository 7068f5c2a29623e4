//! The suite's processes are of some use: stores that lose, halve or forget what a killed process wrote are found by the law
//! that they break.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

use eventweir::*;
use eventweir_conformance::{Failure, Harness, Law, Level, Options, Property, Subject, test_as_child};
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use futures_core::stream::BoxStream;
use std::fmt::Debug;
use std::path::Path;
use tempfile::TempDir;

/// Says what is wrong.
#[async_trait]
trait Fault: Debug + Default + Send + Sync + 'static {
    /// What happens to the files before they are opened.
    fn before_opening(_dir: &Path) {}

    async fn commit(inner: &SqliteStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        inner.commit(stream, commit).await
    }
}

#[derive(Debug, Default)]
struct NoFault;
impl Fault for NoFault {}

/// What was committed since the last checkpoint is gone, and nobody notices.
#[derive(Debug, Default)]
struct LogLost;
impl Fault for LogLost {
    fn before_opening(dir: &Path) {
        for file in ["events.db-wal", "events.db-shm", "events.db.lock"] {
            let _ = std::fs::remove_file(dir.join(file));
        }
    }
}

/// It is gone, and the driver tells its readers to begin anew: honest, and not what was promised.
#[derive(Debug, Default)]
struct LogLostAndTold;
impl Fault for LogLostAndTold {
    fn before_opening(dir: &Path) {
        for file in ["events.db-wal", "events.db-shm"] {
            let _ = std::fs::remove_file(dir.join(file));
        }
    }
}

/// A batch is written event by event.
#[derive(Debug, Default)]
struct OneByOne;
#[async_trait]
impl Fault for OneByOne {
    async fn commit(inner: &SqliteStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let (last, first) = commit.append.split_last().expect("the suite's processes commit events");
        let mut events = Vec::new();
        for event in first {
            events.extend(inner.commit(stream, &Commit::append([event.clone()])).await?.events);
        }
        let mut rest = commit.clone();
        rest.append = vec![last.clone()];
        let receipt = inner.commit(stream, &rest).await?;
        events.extend(receipt.events);
        Ok(Receipt { events, ..receipt })
    }
}

/// Cursors and records follow their events in a second step.
#[derive(Debug, Default)]
struct MovedLater;
#[async_trait]
impl Fault for MovedLater {
    async fn commit(inner: &SqliteStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let (mut events, mut moves) = (commit.clone(), commit.clone());
        (events.cursors, events.records) = (Vec::new(), Vec::new());
        let receipt = inner.commit(stream, &events).await?;
        (moves.append, moves.id) = (Vec::new(), None);
        if !receipt.repeated && !moves.is_empty() {
            inner.commit(stream, &moves).await?;
        }
        Ok(receipt)
    }
}

/// Ids of commits are not kept.
#[derive(Debug, Default)]
struct CommitIdsForgotten;
#[async_trait]
impl Fault for CommitIdsForgotten {
    async fn commit(inner: &SqliteStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut without = commit.clone();
        without.id = None;
        inner.commit(stream, &without).await
    }
}

#[derive(Debug)]
struct Faulty<F>(SqliteStorage, std::marker::PhantomData<F>);

#[async_trait]
impl<F: Fault> Storage for Faulty<F> {
    fn promises(&self) -> Promises {
        self.0.promises()
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        F::commit(&self.0, stream, commit).await
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.0.read(stream, query).await
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.0.bounds(stream).await
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.0.cursor(stream, name).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.0.record(stream, key).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.0.trim(stream, retention, now).await
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.0.wakeups(stream)
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        self.0.catalog()
    }
    async fn close(&self) -> Result<()> {
        self.0.close().await
    }
}

#[derive(Default)]
struct FaultyHarness<F>(std::marker::PhantomData<F>);

impl<F: Fault> Harness for FaultyHarness<F> {
    type Storage = Faulty<F>;
    type Guard = TempDir;

    async fn fresh(&self) -> Result<(Faulty<F>, TempDir)> {
        let dir = tempfile::tempdir().expect("a directory for the files");
        Ok((self.open(dir.path().to_str().unwrap()).await?, dir))
    }

    async fn reopen(&self, old: Faulty<F>, dir: &TempDir) -> Result<Option<Faulty<F>>> {
        drop(old);
        self.open(dir.path().to_str().unwrap()).await.map(Some)
    }

    fn place(&self, dir: &TempDir) -> Option<String> {
        dir.path().to_str().map(str::to_owned)
    }

    async fn open(&self, place: &str) -> Result<Faulty<F>> {
        F::before_opening(Path::new(place));
        let storage = SqliteStorage::open(SqliteConfig::at(Path::new(place).join("events.db"))).await?;
        Ok(Faulty(storage, std::marker::PhantomData))
    }
}

/// Returns what the property says of a faulty store.
fn found<F: Fault>(child: &'static str) -> Option<Failure> {
    let subject = Subject::storage(FaultyHarness::<F>::default()).with_child(test_as_child(child));
    let killed = Property::named(Level::Storage, Law::Durable, "killed_it_keeps_what_it_acknowledged");
    killed.unwrap().check(&subject, &Options::from_environment().unwrap()).err()
}

/// One test per faulty store, with the law that must find it, and the process to be killed.
macro_rules! finds {
    ($($module:ident: $fault:ty, $law:ident;)*) => {$(
        mod $module {
            use super::*;

            #[test]
            fn is_found() {
                let failure = found::<$fault>(concat!(module_path!(), "::child")).expect("nothing is found");
                assert_eq!(failure.law(), Law::$law, "{failure}");
                assert!(failure.to_string().contains("EVENTWEIR_SEED="), "{failure}");
            }

            #[test]
            fn child() {
                eventweir_conformance::child(FaultyHarness::<$fault>::default());
            }
        }
    )*};
}

finds! {
    log_lost: LogLost, Durable;
    log_lost_and_told: LogLostAndTold, Durable;
    one_by_one: OneByOne, Atomic;
    moved_later: MovedLater, Atomic;
    commit_ids_forgotten: CommitIdsForgotten, NoDuplicate;
}

mod right {
    use super::*;

    #[test]
    fn is_green() {
        let failure = found::<NoFault>(concat!(module_path!(), "::child"));
        assert!(failure.is_none(), "{failure:?}");
    }

    #[test]
    fn child() {
        eventweir_conformance::child(FaultyHarness::<NoFault>::default());
    }
}

/// A process that is no child of the suite's returns at once, and one that cannot open its store says why.
mod without_a_place {
    use super::*;

    #[derive(Default)]
    struct Nowhere(FaultyHarness<NoFault>);

    impl Harness for Nowhere {
        type Storage = Faulty<NoFault>;
        type Guard = TempDir;

        async fn fresh(&self) -> Result<(Faulty<NoFault>, TempDir)> {
            self.0.fresh().await
        }

        async fn reopen(&self, old: Faulty<NoFault>, dir: &TempDir) -> Result<Option<Faulty<NoFault>>> {
            self.0.reopen(old, dir).await
        }

        fn place(&self, _dir: &TempDir) -> Option<String> {
            Some("/dev/null/nowhere".to_owned())
        }

        async fn open(&self, place: &str) -> Result<Faulty<NoFault>> {
            self.0.open(place).await
        }
    }

    #[test]
    fn what_the_process_said_is_told() {
        let child = test_as_child(concat!(module_path!(), "::child"));
        let subject = Subject::storage(Nowhere::default()).with_child(child);
        let killed = Property::named(Level::Storage, Law::Durable, "killed_it_keeps_what_it_acknowledged");
        let failure = killed.unwrap().check(&subject, &Options::from_environment().unwrap()).unwrap_err();
        assert!(failure.what().contains("cannot write to the store at \"/dev/null/nowhere\""), "{failure}");
    }

    #[test]
    fn child() {
        eventweir_conformance::child(Nowhere::default());
    }
}
