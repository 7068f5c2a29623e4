use super::*;
use crate::words::event;
use eventweir::layers::TimeoutLayer;
use eventweir::{Sequence, Start};
use eventweir_memory::MemoryStorage;
use futures_util::{FutureExt, StreamExt};
use tokio::time::timeout;

fn store(rates: FaultRates) -> (MemoryStorage, FaultLayer, Arc<dyn Storage>) {
    let (inner, layer) = (MemoryStorage::new(), FaultLayer::new(7, rates));
    let failing = layer.wrap(Arc::new(inner.clone()));
    (inner, layer, failing)
}

async fn publish(storage: &dyn Storage) -> Result<Receipt> {
    storage.commit(&StreamName::main(), &Commit::append([event("/a", "x")])).await
}

async fn head(storage: &dyn Storage) -> u64 {
    storage.bounds(&StreamName::main()).await.unwrap().head.get()
}

/// Calls every method that can fail, and lists what came of it.
async fn every_call(storage: &dyn Storage) -> Vec<(&'static str, Option<Error>)> {
    let (main, channel) = (StreamName::main(), crate::words::channel("/a"));
    let catalog = storage.catalog().unwrap();
    let all = Selector::all();
    vec![
        ("read", storage.read(&main, &ReadQuery::new(all.clone(), Start::Earliest)).await.err()),
        ("bounds", storage.bounds(&main).await.err()),
        ("cursor", storage.cursor(&main, &crate::words::cursor("c")).await.err()),
        ("record", storage.record(&main, &crate::words::key("r")).await.err()),
        ("streams", catalog.streams().await.err()),
        ("channels", catalog.channels(&main, &all, None, 9).await.err()),
        ("cursors", catalog.cursors(&main, None, 9).await.err()),
        ("usage", catalog.usage(&main).await.err()),
        ("commit", publish(storage).await.err()),
        ("trim", storage.trim(&main, &Retention::FOREVER, Timestamp::now()).await.err()),
        ("delete channel", catalog.delete_channel(&main, &channel).await.err()),
        ("delete stream", catalog.delete_stream(&main).await.err()),
    ]
}

#[tokio::test]
async fn before_means_that_nothing_happened() {
    let (inner, layer, failing) = store(FaultRates { before: 1.0, ..FaultRates::NONE });
    publish(&inner).await.unwrap();
    for (call, error) in every_call(&*failing).await {
        let error = error.expect(call);
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::NotApplied), "{call}");
    }
    assert_eq!((head(&inner).await, layer.happened()), (1, 12));
    failing.close().await.unwrap();
}

#[tokio::test]
async fn after_means_that_it_happened_and_only_changes_may_have() {
    let (inner, _layer, failing) = store(FaultRates { after: 1.0, ..FaultRates::NONE });
    let error = publish(&*failing).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Unknown));
    assert_eq!(head(&inner).await, 1);
    for (at, (call, error)) in every_call(&*failing).await.into_iter().enumerate() {
        let error = error.expect(call);
        let effect = if at < 8 { Effect::NotApplied } else { Effect::Unknown };
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, effect), "{call}");
    }
    // A refusal of the store itself stays what it is.
    let wrong = Commit::append([event("/a", "x")]).with_expect(eventweir::Expect::Head(Sequence::MAX));
    let refused = failing.commit(&StreamName::main(), &wrong).await.unwrap_err();
    assert_eq!((refused.kind(), refused.effect()), (ErrorKind::Conflict, Effect::NotApplied));
}

#[tokio::test]
async fn full_refuses_commits_only() {
    let (inner, _layer, failing) = store(FaultRates { full: 1.0, ..FaultRates::NONE });
    for (call, error) in every_call(&*failing).await {
        let kind = error.map(|error| (error.kind(), error.effect()));
        let refused = (call == "commit").then_some((ErrorKind::StorageFull, Effect::NotApplied));
        assert_eq!(kind, refused, "{call}");
    }
    assert_eq!(head(&inner).await, 0);
}

#[tokio::test]
async fn what_hangs_is_cut_off_and_may_have_happened() {
    let (inner, layer, failing) = store(FaultRates { hang: 1.0, ..FaultRates::NONE });
    let hasty = TimeoutLayer::new(Duration::from_millis(5)).wrap(failing);
    for _ in 0..16 {
        let error = publish(&*hasty).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown));
    }
    let carried_out = head(&inner).await;
    assert!((1..16).contains(&carried_out), "{carried_out} of 16");
    layer.switch(false);
    publish(&*hasty).await.unwrap();
}

#[tokio::test]
async fn what_is_delayed_happens() {
    let (inner, layer, failing) = store(FaultRates { delay: 1.0, ..FaultRates::NONE });
    for round in 1..=16 {
        let begun = std::time::Instant::now();
        publish(&*failing).await.unwrap();
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(1), "{took:?}");
        assert_eq!(head(&inner).await, round);
    }
    assert_eq!(layer.happened(), 16);
}

#[tokio::test]
async fn a_seed_repeats_its_faults_and_none_happen_when_switched_off() {
    let faults = |seed| async move {
        let (_, layer, failing) = store(FaultRates { delay: 0.0, hang: 0.0, ..FaultRates::rough() });
        layer.reseed(seed);
        let mut faults = Vec::new();
        for _ in 0..50 {
            faults.push(publish(&*failing).await.err().map(|error| (error.kind(), error.effect())));
        }
        layer.switch(false);
        for _ in 0..50 {
            publish(&*failing).await.unwrap();
        }
        faults
    };
    let first = faults(1).await;
    assert_eq!(first, faults(1).await);
    assert_ne!(first, faults(2).await);
    assert!(first.contains(&None) && first.contains(&Some((ErrorKind::Unavailable, Effect::Unknown))));
}

#[tokio::test]
async fn wakeups_are_lost_and_repeated_and_told_late() {
    let main = StreamName::main();
    let (inner, _layer, deaf) = store(FaultRates::deaf());
    let mut hints = deaf.wakeups(&main);
    publish(&inner).await.unwrap();
    assert!(timeout(Duration::from_millis(50), hints.next()).await.is_err());

    let (inner, layer, failing) = store(FaultRates { wakeup_repeated: 1.0, ..FaultRates::NONE });
    let mut hints = failing.wakeups(&main);
    assert!(hints.next().now_or_never().is_none());
    publish(&inner).await.unwrap();
    let first = hints.next().await.unwrap();
    assert_eq!(hints.next().await, Some(first));
    layer.switch(false);
    publish(&inner).await.unwrap();
    assert_eq!(hints.next().await.unwrap().head.unwrap().get(), 2);
    assert!(hints.next().now_or_never().is_none());

    let (inner, _layer, failing) = store(FaultRates { wakeup_spurious: 1.0, ..FaultRates::NONE });
    let mut hints = failing.wakeups(&main);
    assert_eq!(hints.next().await, Some(Wakeup { head: None }));
    publish(&inner).await.unwrap();
    failing.close().await.unwrap();
    let ends = async { while hints.next().await.is_some() {} };
    timeout(Duration::from_secs(20), ends).await.unwrap();
}
