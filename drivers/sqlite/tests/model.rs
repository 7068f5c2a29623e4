//! Random scripts against the memory driver: the two must answer alike, whatever is in runs and whatever in memory, and after
//! a restart too.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

use eventweir::clock::{Clock, ManualClock};
use eventweir::*;
use eventweir_memory::MemoryStorage;
use eventweir_sqlite::{SqliteConfig, SqliteStorage, Synchronous};
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const WINDOW: Duration = Duration::from_millis(500);
const CHANNELS: &[&str] = &["/a", "/a/b", "/a/b/c", "/a/x", "/ab", "/z", "/a-", "/a0"];
const SELECTORS: &[&[&str]] = &[
    &["/a"],
    &["/a/b"],
    &["subtree:/a"],
    &["ancestors:/a/b/c"],
    &["/a/*"],
    &["/*"],
    &["/**"],
    &["/z", "/a"],
    &["subtree:/a/b", "/z"],
    &["/nobody"],
    &["subtree:/nobody", "/nobody"],
];

#[derive(Clone, Debug)]
struct Draft {
    channel: usize,
    id: Option<u8>,
    source: Option<bool>,
    size: usize,
    headers: bool,
}

#[derive(Clone, Debug)]
enum Op {
    Commit {
        drafts: Vec<Draft>,
        id: Option<u8>,
        expect: Option<(Option<usize>, i64)>,
        cursor: Option<(u8, i64, bool)>,
        record: Option<(u8, u8)>,
    },
    Trim {
        age: Option<u16>,
        events: Option<u8>,
        bytes: Option<u16>,
    },
    DeleteChannel(usize),
    Read {
        selector: usize,
        except: Option<bool>,
        start: (u8, i64),
        until: Option<i64>,
        descending: bool,
        limit: usize,
        max_bytes: usize,
    },
    Advance(u16),
    Reopen,
}

fn draft() -> impl Strategy<Value = Draft> {
    (
        0..CHANNELS.len(),
        proptest::option::weighted(0.3, 0..12u8),
        proptest::option::of(any::<bool>()),
        0..40usize,
        any::<bool>(),
    )
        .prop_map(|(channel, id, source, size, headers)| Draft { channel, id, source, size, headers })
}

fn op() -> impl Strategy<Value = Op> {
    let commit = (
        proptest::collection::vec(draft(), 0..6),
        proptest::option::weighted(0.2, 0..6u8),
        proptest::option::weighted(0.2, (proptest::option::of(0..CHANNELS.len()), -1..2i64)),
        proptest::option::weighted(0.2, (0..3u8, -3..3i64, any::<bool>())),
        proptest::option::weighted(0.2, (0..3u8, 0..4u8)),
    )
        .prop_map(|(drafts, id, expect, cursor, record)| Op::Commit {
            drafts,
            id,
            expect,
            cursor,
            record,
        });
    let trim = (
        proptest::option::weighted(0.3, 0..400u16),
        proptest::option::weighted(0.6, 0..30u8),
        proptest::option::weighted(0.3, 0..600u16),
    )
        .prop_map(|(age, events, bytes)| Op::Trim { age, events, bytes });
    let read = (
        (0..SELECTORS.len(), proptest::option::weighted(0.2, any::<bool>())),
        (0..5u8, -2..40i64),
        proptest::option::weighted(0.2, 0..40i64),
        any::<bool>(),
        1..9usize,
        prop_oneof![3 => Just(1 << 20), 1 => 1..80usize],
    )
        .prop_map(|((selector, except), start, until, descending, limit, max_bytes)| Op::Read {
            selector,
            except,
            start,
            until,
            descending,
            limit,
            max_bytes,
        });
    prop_oneof![
        8 => commit,
        1 => trim,
        1 => (0..CHANNELS.len()).prop_map(Op::DeleteChannel),
        8 => read,
        1 => (0..400u16).prop_map(Op::Advance),
        1 => Just(Op::Reopen),
    ]
}

struct Pair {
    memory: MemoryStorage,
    sqlite: SqliteStorage,
    config: SqliteConfig,
    clock: ManualClock,
    stream: StreamName,
    fresh: u64,
}

fn channel(at: usize) -> ChannelName {
    ChannelName::new(CHANNELS[at]).unwrap()
}

impl Pair {
    async fn open(path: &Path, tail: usize) -> Self {
        let clock = ManualClock::at(Timestamp::from_millis(1_000_000));
        let config = SqliteConfig::at(path)
            .with_synchronous(Synchronous::Normal)
            .with_clock(Arc::new(clock.clone()))
            .with_dedup_window(WINDOW)
            .with_tail_events(tail);
        let sqlite = SqliteStorage::open(config.clone()).await.unwrap();
        let memory = MemoryStorage::with_clock(Arc::new(clock.clone()), WINDOW);
        Self { memory, sqlite, config, clock, stream: StreamName::main(), fresh: 0 }
    }

    async fn run(&mut self, op: Op) {
        match op {
            Op::Commit { drafts, id, expect, cursor, record } => {
                self.commit(drafts, id, expect, cursor, record).await
            }
            Op::Trim { age, events, bytes } => {
                let retention = Retention {
                    max_age: age.map(|age| Duration::from_millis(age.into())),
                    max_events: events.map(Into::into),
                    max_bytes: bytes.map(Into::into),
                };
                let now = self.clock.now();
                let ours = self.sqlite.trim(&self.stream, &retention, now).await.unwrap();
                let model = self.memory.trim(&self.stream, &retention, now).await.unwrap();
                assert_eq!((ours.events, ours.more), (model.events, model.more));
            }
            Op::DeleteChannel(at) => {
                let ours = self.sqlite.delete_channel(&self.stream, &channel(at)).await.unwrap();
                assert_eq!(ours, self.memory.delete_channel(&self.stream, &channel(at)).await.unwrap());
            }
            Op::Read { selector, except, start, until, descending, limit, max_bytes } => {
                let mut meant =
                    Selector::new(SELECTORS[selector].iter().map(|s| Scope::parse(s).unwrap())).unwrap();
                if let Some(except) = except {
                    meant = meant.except(source(except));
                }
                let head = self.memory.bounds(&self.stream).await.unwrap().head;
                let at = |offset: i64| Sequence::from_i64(head.to_i64() - offset);
                let mut query =
                    ReadQuery::new(meant, Start::Earliest).with_limit(limit).with_max_bytes(max_bytes);
                if descending {
                    query = query.with_direction(Direction::Descending);
                }
                query.until = until.map(at);
                self.walk(query, start.0, at(start.1)).await;
            }
            Op::Advance(by) => self.clock.advance(Duration::from_millis(by.into())),
            Op::Reopen => {
                self.sqlite.close().await.unwrap();
                self.sqlite = SqliteStorage::open(self.config.clone()).await.unwrap();
            }
        }
        self.compare_all().await;
    }

    async fn commit(
        &mut self,
        drafts: Vec<Draft>,
        id: Option<u8>,
        expect: Option<(Option<usize>, i64)>,
        cursor: Option<(u8, i64, bool)>,
        record: Option<(u8, u8)>,
    ) {
        let head = self.memory.bounds(&self.stream).await.unwrap().head;
        let mut commit = Commit::new();
        for draft in drafts {
            let mut event = NewEvent::new(channel(draft.channel), vec![b'x'; draft.size]);
            self.fresh += 1;
            event.id = match draft.id {
                Some(n) if n % 2 == 0 => EventId::from_uuid([n; 16]),
                Some(n) => EventId::new(&format!("id-{n}")).unwrap(),
                None => EventId::new(&format!("fresh-{}", self.fresh)).unwrap(),
            };
            event.time = self.clock.now();
            event.source = draft.source.map(source);
            if draft.headers {
                event.headers = Headers::new([("a", "1:2"), ("b", "")]).unwrap();
                event.content_type = ContentType::new("text/plain").unwrap();
            }
            commit = commit.with_event(event);
        }
        if let Some(id) = id {
            commit = commit.with_id(CommitId::new(&format!("commit-{id}")).unwrap());
        }
        if let Some((at, offset)) = expect {
            let expected = Sequence::from_i64(head.to_i64() + offset);
            commit = commit.with_expect(match at {
                None => Expect::Head(expected),
                Some(at) => {
                    // The last sequence of the channel, as far as it is easily known, or something else.
                    let page = self
                        .memory
                        .read(
                            &self.stream,
                            &ReadQuery::new(Selector::exact(channel(at)), Start::Earliest)
                                .with_direction(Direction::Descending),
                        )
                        .await
                        .unwrap();
                    let last = page.events.first().map_or(0, |event| event.sequence.to_i64());
                    Expect::ChannelHead(channel(at), Sequence::from_i64(last + offset.min(0)))
                }
            });
        }
        if let Some((name, to, force)) = cursor {
            let name = CursorName::new(&format!("cursor-{name}")).unwrap();
            let to = Sequence::from_i64(head.to_i64() + to);
            let current = self.memory.cursor(&self.stream, &name).await.unwrap();
            let mut change = match (force, current) {
                (true, _) if to.get().is_multiple_of(3) => CursorMove::remove(name),
                (true, _) => CursorMove::force(name, to),
                (false, None) => CursorMove::create(name, to),
                (false, Some(current)) => CursorMove::advance(name, current.sequence, to),
            };
            change.time = self.clock.now();
            commit = commit.with_cursor(change);
        }
        if let Some((key, what)) = record {
            let key = RecordKey::new(&format!("record-{key}")).unwrap();
            let expect = match what {
                0 => RecordExpect::Absent,
                1 => RecordExpect::Version(1),
                _ => RecordExpect::Any,
            };
            let value = (what != 3).then(|| vec![what; 3].into());
            commit = commit.with_record(RecordChange { key, expect, value });
        }
        let ours = self.sqlite.commit(&self.stream, &commit).await;
        let model = self.memory.commit(&self.stream, &commit).await;
        match (ours, model) {
            (Ok(ours), Ok(model)) => {
                assert_eq!(
                    (ours.head, &ours.events, ours.repeated),
                    (model.head, &model.events, model.repeated)
                );
            }
            (Err(ours), Err(model)) => {
                assert_eq!((ours.kind(), ours.message()), (model.kind(), model.message()));
                assert_eq!(ours.effect(), Effect::NotApplied);
            }
            (ours, model) => panic!("{ours:?} but the model says {model:?}"),
        }
    }

    /// Reads the first page on both, then goes on to the end on each: together they must give the same.
    async fn walk(&self, mut query: ReadQuery, kind: u8, sequence: Sequence) {
        let start = |epoch: Epoch| match kind {
            0 => Start::Earliest,
            1 => Start::Latest,
            2 => Start::At(Position::new(epoch, sequence)),
            3 => Start::At(Position::new(Epoch::new(7).unwrap(), sequence)),
            _ => Start::After(sequence),
        };
        let listed = query.selector.listed_channels().is_some() || query.selector.is_all();
        let (ours, theirs) = (self.bounds(&self.sqlite).await, self.bounds(&self.memory).await);
        query.start = start(ours.epoch);
        let page = self.sqlite.read(&self.stream, &query).await.unwrap();
        let mut model_query = query.clone();
        model_query.start = start(theirs.epoch);
        let model = self.memory.read(&self.stream, &model_query).await.unwrap();
        assert_eq!(page.events, model.events, "{query:?}");
        assert_eq!(page.gap, model.gap, "{query:?}");
        assert_eq!(page.reset.map(|r| r.refused), model.reset.map(|r| r.refused));
        if listed {
            assert_eq!((page.through, page.more), (model.through, model.more), "{query:?}");
        }
        let (ours, theirs) =
            (self.rest(&self.sqlite, query.clone()).await, self.rest(&self.memory, model_query).await);
        assert_eq!(ours, theirs, "{query:?}");
    }

    async fn rest(&self, storage: &dyn Storage, mut query: ReadQuery) -> Vec<Arc<Event>> {
        let mut all = Vec::new();
        loop {
            let page = storage.read(&self.stream, &query).await.unwrap();
            all.extend(page.events);
            if !page.more {
                return all;
            }
            match query.direction {
                Direction::Ascending => query.start = Start::After(page.through),
                Direction::Descending => query.until = Some(page.through.previous()),
            }
        }
    }

    async fn bounds(&self, storage: &dyn Storage) -> Bounds {
        storage.bounds(&self.stream).await.unwrap()
    }

    /// Everything that can be asked without a choice.
    async fn compare_all(&self) {
        let (ours, model) = (self.bounds(&self.sqlite).await, self.bounds(&self.memory).await);
        assert_eq!((ours.first, ours.head), (model.first, model.head));
        let (ours, model) =
            (self.sqlite.usage(&self.stream).await.unwrap(), self.memory.usage(&self.stream).await.unwrap());
        assert_eq!(
            (ours.bounds.first, ours.events, ours.bytes, ours.channels, ours.cursors),
            (model.bounds.first, model.events, model.bytes, model.channels, model.cursors)
        );
        for selector in [Selector::all(), Selector::subtree(channel(0))] {
            for after in [None, Some(channel(1))] {
                let ours = self.sqlite.channels(&self.stream, &selector, after.as_ref(), 5).await.unwrap();
                let model = self.memory.channels(&self.stream, &selector, after.as_ref(), 5).await.unwrap();
                assert_eq!(ours, model);
            }
        }
        assert_eq!(
            self.sqlite.cursors(&self.stream, None, 9).await.unwrap(),
            self.memory.cursors(&self.stream, None, 9).await.unwrap()
        );
        for n in 0..3 {
            let key = RecordKey::new(&format!("record-{n}")).unwrap();
            assert_eq!(
                self.sqlite.record(&self.stream, &key).await.unwrap(),
                self.memory.record(&self.stream, &key).await.unwrap()
            );
        }
    }
}

fn source(first: bool) -> Source {
    Source::new(if first { "one" } else { "two" }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_as_the_model_does(tail in prop_oneof![Just(1usize), 2..12usize, Just(10_000)], ops in proptest::collection::vec(op(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        runtime.block_on(async {
            let mut pair = Pair::open(&dir.path().join("events.db"), tail).await;
            for op in ops {
                pair.run(op).await;
            }
            pair.sqlite.close().await.unwrap();
        });
    }
}
