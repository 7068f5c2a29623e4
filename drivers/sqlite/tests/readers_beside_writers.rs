//! Readers beside a writer that writes runs and trims all the time miss nothing, see nothing twice, and are told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use eventweir_sqlite::{SqliteConfig, SqliteStorage, Synchronous};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use support::*;

const EVENTS: u64 = 6000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_miss_nothing_while_runs_are_written_and_the_log_is_trimmed() {
    let dir = tempfile::tempdir().unwrap();
    let config = SqliteConfig::at(dir.path().join("events.db"))
        .with_synchronous(Synchronous::Normal)
        .with_tail_events(16);
    let storage = SqliteStorage::open(config).await.unwrap();
    storage.bounds(&main_stream()).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = ["/even", "/odd", "subtree:/even", "ancestors:/odd/x", "/*", "/**"]
        .map(|scope| tokio::spawn(follow(storage.clone(), scope, done.clone())))
        .into();
    for n in 1..=EVENTS {
        publish(&storage, if n % 2 == 0 { "/even" } else { "/odd" }, &n.to_string()).await;
        if n % 500 == 0 {
            let keep = Retention { max_events: Some(300), ..Retention::FOREVER };
            storage.trim(&main_stream(), &keep, Timestamp::now()).await.unwrap();
        }
    }
    done.store(true, Ordering::Release);
    for reader in readers {
        reader.await.unwrap();
    }
}

/// Follows a selection to the end. What it does not see must be within a gap that it was told.
async fn follow(storage: SqliteStorage, scope: &str, done: Arc<AtomicBool>) {
    let selector = Selector::new([Scope::parse(scope).unwrap()]).unwrap();
    let meant = |n: u64| selector.matches_channel(if n.is_multiple_of(2) { "/even" } else { "/odd" });
    let (mut after, mut excused, mut expected) = (Sequence::ZERO, 0, 1);
    loop {
        let last = done.load(Ordering::Acquire);
        let query = ReadQuery::new(selector.clone(), Start::After(after)).with_limit(7);
        let page = storage.read(&main_stream(), &query).await.unwrap();
        assert!(page.through <= page.bounds.head && page.through >= after);
        if let Some(gap) = page.gap {
            excused = gap.resume_at.get();
        }
        for event in &page.events {
            let n = event.sequence.get();
            assert_eq!(event.data, n.to_string(), "{scope}");
            let missed = (expected..n).find(|missed| meant(*missed) && *missed >= excused);
            assert_eq!(missed, None, "{scope}: missed before {n}");
            assert!(n >= expected && meant(n), "{scope}: {n} again, or not meant");
            expected = n + 1;
        }
        let missed = (expected..=page.through.get()).find(|missed| meant(*missed) && *missed >= excused);
        assert_eq!(missed, None, "{scope}: missed up to {}", page.through);
        expected = expected.max(page.through.get() + 1);
        after = page.through;
        if last && !page.more {
            assert_eq!(after.get(), EVENTS);
            return;
        }
    }
}
