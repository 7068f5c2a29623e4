//! Harnesses whose stores are not fresh are told so.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by a panic")]

use eventweir::{Commit, Result, Storage, StreamName};
use eventweir_conformance::{Harness, Options, Profile, Report, Selection, Subject, run};
use eventweir_memory::MemoryStorage;

/// Hands out the same store each time.
struct OneForAll(MemoryStorage);

impl Harness for OneForAll {
    type Storage = MemoryStorage;
    type Guard = ();

    async fn fresh(&self) -> Result<(MemoryStorage, ())> {
        Ok((self.0.clone(), ()))
    }

    async fn reopen(&self, _old: MemoryStorage, _guard: &()) -> Result<Option<MemoryStorage>> {
        Ok(None)
    }
}

fn examine(harness: impl Harness) -> Report {
    let options = Options::new(Profile::Quick).with_cases(2);
    run(&[Subject::storage(harness)], &options, &Selection::all(), &mut |_| {})
}

#[test]
fn a_store_that_another_property_closed_is_told() {
    let report = examine(OneForAll(MemoryStorage::new())).to_string();
    assert!(report.contains("a fresh store is closed already"), "{report}");
    assert!(report.contains("`fresh` must open one each time"), "{report}");
}

#[tokio::test]
async fn a_store_is_left_as_it_was_found() {
    let store = MemoryStorage::new();
    let event = eventweir::NewEvent::new(eventweir::ChannelName::new("/theirs").unwrap(), "1");
    store.commit(&StreamName::main(), &Commit::append([event])).await.unwrap();
    let harness = OneForAll(store.clone());
    let others = Selection::all().only("order").only("told").only("no-miss").only("every");
    let report = tokio::task::spawn_blocking(move || {
        let options = Options::new(Profile::Quick).with_cases(2);
        run(&[Subject::storage(harness)], &options, &others, &mut |_| {})
    });
    let report = report.await.unwrap();
    assert!(report.is_green(), "{report}");
    assert_eq!(store.catalog().unwrap().streams().await.unwrap(), [StreamName::main()]);
    assert_eq!(store.bounds(&StreamName::main()).await.unwrap().head.get(), 1);
}
