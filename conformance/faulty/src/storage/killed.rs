//! Wrong about what is safe when the process is killed: over files, in a process of its own.

use super::fault::{Fault, FaultyStorage, Store, spoil};
use eventweir::{Appended, Bounds, Commit, Receipt, Result, StreamName, async_trait};
use eventweir_conformance::{Harness, Subject};
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// Acknowledges what is in its buffer, and writes that every now and then.
#[derive(Debug, Default)]
pub(crate) struct AnswersBeforeItWrites {
    buffer: Arc<Mutex<Vec<(StreamName, Commit)>>>,
    heads: Mutex<HashMap<StreamName, Bounds>>,
}

#[async_trait]
impl Fault for AnswersBeforeItWrites {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        // One after the other, so that what is promised here is what is written later.
        let mut heads = self.heads.lock().await;
        let bounds = match heads.get(stream) {
            Some(bounds) => *bounds,
            None => inner.bounds(stream).await?,
        };
        let place = |n| Appended { sequence: bounds.head.plus(n), duplicate: false };
        let events: Vec<_> = (1..=commit.append.len() as u64).map(place).collect();
        let head = bounds.head.plus(commit.append.len() as u64);
        heads.insert(stream.clone(), Bounds { head, ..bounds });
        let mut buffer = self.buffer.lock().await;
        buffer.push((stream.clone(), commit.clone()));
        if buffer.len() == 1 {
            // It goes with the process.
            tokio::spawn(write_later(inner.clone(), self.buffer.clone()));
        }
        drop(buffer);
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(Receipt { epoch: bounds.epoch, head, events, repeated: false })
    }
}

async fn write_later(inner: Store, buffer: Arc<Mutex<Vec<(StreamName, Commit)>>>) {
    tokio::time::sleep(EVERY).await;
    for (stream, commit) in buffer.lock().await.drain(..) {
        // Nobody is there any more who could be told.
        let _ = inner.commit(&stream, &commit).await;
    }
}

const EVERY: Duration = Duration::from_millis(60);

/// Opens files; the process that is killed opens them with the fault.
#[derive(Debug)]
pub(crate) struct OnFiles {
    pub(crate) child: bool,
}

/// Either of the two.
pub(crate) type OnFilesStorage = FaultyStorage<Perhaps>;

/// Is wrong in the child only.
#[derive(Debug, Default)]
pub(crate) struct Perhaps(Option<AnswersBeforeItWrites>);

#[async_trait]
impl Fault for Perhaps {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        match &self.0 {
            Some(fault) => fault.commit(inner, stream, commit).await,
            None => inner.commit(stream, commit).await,
        }
    }
}

impl OnFiles {
    async fn at(&self, dir: &Path) -> Result<OnFilesStorage> {
        let storage = SqliteStorage::open(SqliteConfig::at(dir.join("events.db"))).await?;
        let mut storage: OnFilesStorage = spoil(storage);
        storage.fault.0 = self.child.then(AnswersBeforeItWrites::default);
        Ok(storage)
    }
}

impl Harness for OnFiles {
    type Storage = OnFilesStorage;
    type Guard = TempDir;

    async fn fresh(&self) -> Result<(OnFilesStorage, TempDir)> {
        let dir = tempfile::tempdir().map_err(|error| {
            eventweir::Error::new(eventweir::ErrorKind::Config, "no directory can be made").with_source(error)
        })?;
        Ok((self.at(dir.path()).await?, dir))
    }

    async fn reopen(&self, old: OnFilesStorage, dir: &TempDir) -> Result<Option<OnFilesStorage>> {
        drop(old);
        self.at(dir.path()).await.map(Some)
    }

    fn place(&self, dir: &TempDir) -> Option<String> {
        dir.path().to_str().map(str::to_owned)
    }

    async fn open(&self, place: &str) -> Result<OnFilesStorage> {
        self.at(Path::new(place)).await
    }
}

/// Examines the store on files with a child that is wrong: `program` is this crate's.
pub(crate) fn subject(program: &Path) -> Subject {
    let program = program.to_owned();
    Subject::storage(OnFiles { child: false }).with_child(move |place| {
        let mut command = Command::new(&program);
        command.arg("--child").env("EVENTWEIR_CHILD_PLACE", place);
        command
    })
}
