//! A store whose streams go on in another epoch: who is within what went on notices nothing, and who is beyond it is told.

use crate::common::*;
use eventweir::*;
use eventweir_memory::MemoryStorage;
use futures_core::stream::BoxStream;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Shows the one stream of a store under epochs of its own, which change while the log goes on.
#[derive(Clone, Debug)]
struct Lineage(Arc<dyn Storage>, Arc<Mutex<Epochs>>);

#[derive(Debug)]
struct Epochs {
    present: Epoch,
    /// Where earlier ones ended.
    ended: HashMap<Epoch, Sequence>,
}

impl Lineage {
    fn new() -> Self {
        let epochs = Epochs { present: Epoch::random(), ended: HashMap::new() };
        Self(Arc::new(MemoryStorage::new()), Arc::new(Mutex::new(epochs)))
    }

    /// Begins a new epoch. What the present one had above `end` counts as lost.
    fn fail_over(&self, end: Sequence) {
        let mut epochs = self.1.lock();
        let present = std::mem::replace(&mut epochs.present, Epoch::random());
        epochs.ended.values_mut().for_each(|ended| *ended = (*ended).min(end));
        epochs.ended.insert(present, end);
    }

    fn shown(&self, bounds: Bounds) -> Bounds {
        Bounds { epoch: self.1.lock().present, ..bounds }
    }
}

#[async_trait]
impl Storage for Lineage {
    fn promises(&self) -> Promises {
        self.0.promises().with_writers(Writers::Many)
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = self.0.commit(stream, commit).await?;
        Ok(Receipt { epoch: self.1.lock().present, ..receipt })
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let bounds = self.bounds(stream).await?;
        let (after, reset, tell) =
            query.start.resolve_among(&bounds, |epoch| self.1.lock().ended.get(&epoch).copied());
        let start = if tell { Start::After(after) } else { Start::Earliest };
        let start = if query.start == Start::Latest { Start::Latest } else { start };
        let mut query = query.clone();
        query.start = start;
        let page = self.0.read(stream, &query).await?;
        Ok(Page { bounds: self.shown(page.bounds), reset, ..page })
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        Ok(self.shown(self.0.bounds(stream).await?))
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.0.cursor(stream, name).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.0.record(stream, key).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        let trimmed = self.0.trim(stream, retention, now).await?;
        Ok(Trimmed { bounds: self.shown(trimmed.bounds), ..trimmed })
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.0.wakeups(stream)
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        None
    }
    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

async fn broker(lineage: &Lineage) -> (Broker, Session) {
    let broker = Broker::builder().storage(lineage.clone()).poll_interval(Duration::from_millis(10));
    let broker = broker.build().unwrap();
    let session = session(&broker).await;
    (broker, session)
}

fn seq(number: u64) -> Sequence {
    Sequence::new(number).unwrap()
}

#[tokio::test]
async fn subscribers_and_pollers_go_on_without_noticing() {
    let lineage = Lineage::new();
    let (_here, here) = broker(&lineage).await;
    let (_there, there) = broker(&lineage).await;
    let mut subscriptions = Vec::new();
    for session in [&here, &there] {
        subscriptions.push(session.subscribe(Selector::all(), Start::Earliest).await.unwrap());
        let start = Start::After(Sequence::ZERO);
        subscriptions.push(session.subscribe(Selector::subtree(channel("/a")), start).await.unwrap());
    }
    let first = here.head(&Selector::all()).await.unwrap();
    let readers: Vec<_> = subscriptions
        .into_iter()
        .map(|mut subscription| {
            tokio::spawn(async move { until_sentinel(&mut subscription, "sentinel").await })
        })
        .collect();
    let poller = {
        let there = there.clone();
        tokio::spawn(async move {
            let (mut query, mut seen) = (ReadQuery::new(Selector::all(), Start::At(first)), Vec::new());
            while seen.last() != Some(&101) {
                let page = there.poll(&query, DEADLINE).await.unwrap();
                assert_eq!((page.reset, page.gap), (None, None));
                seen.extend(page.events.iter().map(|event| event.sequence.get()));
                query.start = Start::At(page.position());
            }
            seen
        })
    };
    for n in 0..100 {
        if n % 10 == 0 {
            let head = lineage.0.bounds(&StreamName::main()).await.unwrap().head;
            lineage.fail_over(head);
        }
        [&here, &there][n % 2].publish(event("/a/b", n)).await.unwrap();
    }
    there.publish(event("/a/b", "sentinel")).await.unwrap();
    let all: Vec<u64> = (1..=101).collect();
    for reader in readers {
        let seen = tokio::time::timeout(DEADLINE, reader).await.unwrap().unwrap();
        assert_eq!(seen.iter().map(|event| event.sequence.get()).collect::<Vec<_>>(), all);
    }
    assert_eq!(tokio::time::timeout(DEADLINE, poller).await.unwrap().unwrap(), all);
    // The very first position is still good.
    let page = here.read(&ReadQuery::new(Selector::all(), Start::At(first))).await.unwrap();
    assert_eq!((page.reset, page.events.len()), (None, 100));
}

#[tokio::test]
async fn who_saw_what_was_lost_is_told_a_reset() {
    let lineage = Lineage::new();
    let (_broker, session) = broker(&lineage).await;
    let mut ahead = session.subscribe(Selector::all(), Start::Latest).await.unwrap();
    for n in 0..5 {
        session.publish(event("/a", n)).await.unwrap();
    }
    let mut seen = Vec::new();
    while seen.len() < 5 {
        seen.extend(next_events(&mut ahead).await);
    }
    let before = session.head(&Selector::all()).await.unwrap();
    lineage.fail_over(seq(3));
    session.publish(event("/a", "new")).await.unwrap();
    match next(&mut ahead).await {
        Delivery::Reset(reset) => assert_eq!(reset.refused, before),
        other => panic!("a reset was expected, not {other:?}"),
    }
    let at = |sequence| Start::At(Position::new(before.epoch, seq(sequence)));
    for (sequence, is_reset) in [(2, false), (3, false), (4, true), (5, true)] {
        let page = session.read(&ReadQuery::new(Selector::all(), at(sequence))).await.unwrap();
        assert_eq!(page.reset.is_some(), is_reset, "at {sequence}");
        let first = if is_reset { 1 } else { sequence + 1 };
        assert_eq!(page.events[0].sequence.get(), first);
    }
    let cursor = CursorName::new("c").unwrap();
    let place = |sequence| session.cursor_place(&cursor, Position::new(before.epoch, seq(sequence)));
    assert_eq!(place(3).await.unwrap(), Some(seq(3)));
    assert_eq!(place(4).await.unwrap(), None);
}

#[tokio::test]
async fn a_gap_is_told_at_a_position_of_an_earlier_epoch() {
    let lineage = Lineage::new();
    let (_broker, session) = broker(&lineage).await;
    for n in 0..6 {
        session.publish(event("/a", n)).await.unwrap();
    }
    let before = session.head(&Selector::all()).await.unwrap();
    lineage.fail_over(before.sequence);
    let keep = Retention { max_events: Some(2), ..Retention::FOREVER };
    session.trim(&StreamName::main(), &keep).await.unwrap();
    let start = Start::At(Position::new(before.epoch, seq(1)));
    let page = session.read(&ReadQuery::new(Selector::all(), start)).await.unwrap();
    assert_eq!(page.gap, Some(Gap { after: seq(1), resume_at: seq(5) }));
    let mut subscription = session.subscribe(Selector::all(), start).await.unwrap();
    match next(&mut subscription).await {
        Delivery::Gap(gap) => assert_eq!((gap.after.get(), gap.resume_at.get()), (1, 5)),
        other => panic!("a gap was expected, not {other:?}"),
    }
    assert_eq!(next_events(&mut subscription).await[0].sequence.get(), 5);
}

/// What a look from an earlier epoch's position finds nothing of may stand before that position.
#[tokio::test]
async fn nothing_after_an_earlier_position_does_not_mean_nothing_at_all() {
    let lineage = Lineage::new();
    let (_other, other) = broker(&lineage).await;
    other.publish(event("/quiet", "old")).await.unwrap();
    other.publish(event("/busy", "x")).await.unwrap();
    let before = other.head(&Selector::all()).await.unwrap();
    lineage.fail_over(before.sequence);
    // A broker that knows nothing yet: what it learns it learns from these reads.
    let (_broker, session) = broker(&lineage).await;
    let mut query = ReadQuery::new(Selector::exact(channel("/quiet")), Start::At(before));
    assert!(session.read(&query).await.unwrap().events.is_empty());
    query.start = Start::After(Sequence::ZERO);
    assert_eq!(session.read(&query).await.unwrap().events.len(), 1);
}

/// A store that shows less than it showed has lost it: nobody gets it from memory any more.
#[tokio::test]
async fn what_the_store_has_lost_is_not_served_from_memory() {
    let storage = Regressing(Arc::new(MemoryStorage::new()), Arc::default());
    let builder = Broker::builder().storage(storage.clone()).poll_interval(Duration::from_millis(10));
    let broker = builder.build().unwrap();
    let session = session(&broker).await;
    for n in 0..4 {
        session.publish(event("/a", n)).await.unwrap();
    }
    *storage.1.lock() = Some(seq(2));
    let query = ReadQuery::new(Selector::all(), Start::After(Sequence::ZERO));
    let forgotten = async {
        while session.read(&query).await.unwrap().events.len() > 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(DEADLINE, forgotten).await.unwrap();
}

/// Shows a stream as it was when it ended at a sequence, once one is set.
#[derive(Clone, Debug)]
struct Regressing(Arc<dyn Storage>, Arc<Mutex<Option<Sequence>>>);

impl Regressing {
    fn cut(&self, mut page: Page) -> Page {
        if let Some(end) = *self.1.lock() {
            page.events.retain(|event| event.sequence <= end);
            page.bounds.head = page.bounds.head.min(end);
            page.through = page.through.min(end);
        }
        page
    }
}

#[async_trait]
impl Storage for Regressing {
    fn promises(&self) -> Promises {
        self.0.promises().with_writers(Writers::Many)
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.0.commit(stream, commit).await
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        Ok(self.cut(self.0.read(stream, query).await?))
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
        None
    }
    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
