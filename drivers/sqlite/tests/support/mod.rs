//! What the tests of files share.
#![allow(dead_code, reason = "each test uses a part of it")]

use eventweir::*;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use std::path::Path;
use std::process::Command;

pub(crate) fn main_stream() -> StreamName {
    StreamName::main()
}

pub(crate) fn event(channel: &str, data: impl Into<bytes::Bytes>) -> NewEvent {
    NewEvent::new(ChannelName::new(channel).unwrap(), data)
}

pub(crate) async fn open(path: &Path) -> SqliteStorage {
    SqliteStorage::open(SqliteConfig::at(path)).await.unwrap()
}

pub(crate) async fn publish(storage: &SqliteStorage, channel: &str, data: &str) -> Receipt {
    let commit = Commit::append([event(channel, data.to_owned())]);
    storage.commit(&main_stream(), &commit).await.unwrap()
}

/// Reads every event of a selection, as sequences and text.
pub(crate) async fn all(storage: &SqliteStorage, selector: &str) -> Vec<(u64, String)> {
    let selector = Selector::new([Scope::parse(selector).unwrap()]).unwrap();
    let mut query = ReadQuery::new(selector, Start::Earliest);
    let mut found = Vec::new();
    loop {
        let page = storage.read(&main_stream(), &query).await.unwrap();
        let text = |event: &Event| String::from_utf8_lossy(&event.data).into_owned();
        found.extend(page.events.iter().map(|event| (event.sequence.get(), text(event))));
        if !page.more {
            return found;
        }
        query.start = Start::After(page.through);
    }
}

/// A small file system of its own. `None`, with a word, where mounting is not permitted.
pub(crate) struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    pub(crate) fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let this = Self(dir);
        let options = format!("size={size}");
        if run("mount", &["-t", "tmpfs", "-o", &options, "eventweir-test"], this.path()) {
            return Some(this);
        }
        eprintln!("skipped: mounting a file system is not permitted here");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn remount(&self, options: &str) {
        assert!(run("mount", &["-o", &format!("remount,{options}")], self.path()));
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        run("umount", &["-l"], self.0.path());
    }
}

fn run(program: &str, args: &[&str], path: &Path) -> bool {
    let output = Command::new(program).args(args).arg(path).output();
    output.is_ok_and(|output| output.status.success())
}
