//! The run and its reports, over drivers that hang, panic, block, lie and promise nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails by a panic")]

use async_trait::async_trait;
use eventweir::{
    Bounds, Catalog, Commit, Cursor, CursorName, Dedup, Durability, Error, ErrorKind, JobStore, Page,
    Promises, ReadQuery, Receipt, Record, RecordKey, Result, Retention, Shutdown, Storage, StreamName,
    Timestamp, Trimmed, Wakeup, WakeupReach,
};
use eventweir_conformance::{Harness, Options, Outcome, Profile, Report, Selection, Subject, run};
use eventweir_memory::MemoryStorage;
use futures_core::stream::BoxStream;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How a driver misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Not at all.
    Good,
    /// It promises nothing, and keeps that.
    PromisesNothing,
    /// Calls never return.
    Hangs,
    /// Calls never return, and hold their thread.
    Blocks,
    /// Calls panic.
    Panics,
    /// A page of several events lacks its last one, and does not say so.
    LosesTheLast,
    /// Every store is the same one, and every name leads to the same stream of it.
    MixesUp,
    /// Opening fails with a message that no XML file can hold.
    CannotBeOpened,
}
use Manner::*;

/// What everyone is given who mixes up.
static SHARED: LazyLock<MemoryStorage> = LazyLock::new(MemoryStorage::new);

#[derive(Debug)]
struct Odd {
    manner: Manner,
    inner: MemoryStorage,
}

impl Odd {
    fn named(&self, stream: &StreamName) -> StreamName {
        if self.manner == MixesUp { StreamName::main() } else { stream.clone() }
    }

    async fn misbehave(&self) {
        match self.manner {
            Hangs => std::future::pending().await,
            Blocks => std::thread::sleep(Duration::from_secs(3600)),
            Panics => panic!("the driver's own words"),
            _ => {}
        }
    }
}

#[async_trait]
impl Storage for Odd {
    fn promises(&self) -> Promises {
        match self.manner {
            PromisesNothing => {
                Promises::new(Durability::Volatile, Dedup::None).with_wakeup(WakeupReach::None)
            }
            _ => self.inner.promises(),
        }
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.misbehave().await;
        self.inner.commit(&self.named(stream), commit).await
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.misbehave().await;
        let mut page = self.inner.read(&self.named(stream), query).await?;
        if self.manner == LosesTheLast && page.events.len() > 2 {
            page.events.pop();
        }
        Ok(page)
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.misbehave().await;
        self.inner.bounds(&self.named(stream)).await
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.inner.cursor(stream, name).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.inner.record(stream, key).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.inner.trim(stream, retention, now).await
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.inner.wakeups(stream)
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        self.inner.catalog()
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

struct OddHarness(Manner);

impl Harness for OddHarness {
    type Storage = Odd;
    type Guard = ();

    async fn fresh(&self) -> Result<(Odd, ())> {
        if self.0 == CannotBeOpened {
            let message = "no\u{0} store\u{1b}[31m here\u{fffe} <&\"'> ]]>";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let inner = if self.0 == MixesUp { SHARED.clone() } else { MemoryStorage::new() };
        Ok((Odd { manner: self.0, inner }, ()))
    }

    async fn reopen(&self, _: Odd, (): &()) -> Result<Option<Odd>> {
        Ok(None)
    }
}

fn options() -> Options {
    Options::new(Profile::Quick).with_cases(2).with_seed(9).with_limit(Duration::from_millis(300))
}

fn examine(manner: Manner, options: &Options, selection: &Selection) -> Report {
    let subject = Subject::storage(OddHarness(manner)).named("odd");
    run(&[subject], options, selection, &mut |_| {})
}

#[test]
fn a_driver_that_hangs_or_blocks_is_given_up_after_three_properties() {
    for manner in [Hangs, Blocks] {
        let began = Instant::now();
        // A driver that blocks keeps even the thread that would tidy up.
        let report = examine(manner, &options().with_grace(Duration::from_millis(300)), &Selection::all());
        assert!(began.elapsed() < Duration::from_secs(60), "{manner:?}: {:?}", began.elapsed());
        let counts = report.counts();
        assert_eq!((counts.held, counts.failed), (0, 3), "{manner:?}: {report}");
        assert!(counts.not_run > 30 && !report.is_green(), "{report}");
        assert!(report.to_string().contains("3 properties of it did not come to an end"), "{report}");
    }
}

#[test]
fn a_store_in_which_a_new_stream_is_not_empty_is_told_so() {
    let report = examine(MixesUp, &options(), &Selection::all().only("order")).to_string();
    assert!(report.contains("a stream whose name nobody has used holds events up to"), "{report}");
}

#[test]
fn a_panic_is_told_by_its_words() {
    let report = examine(Panics, &options(), &Selection::all().only("no-miss"));
    assert!(report.counts().failed > 0 && report.counts().held == 0, "{report}");
    assert!(report.to_string().contains("the driver's own words"), "{report}");
}

#[test]
fn a_driver_that_promises_nothing_is_told_so() {
    // Its ids are recognised all the same, so properties that repeat them would not agree with what it says.
    let selection = Selection::all().only("visibility").only("wake-up");
    let report = examine(PromisesNothing, &options().with_limit(Duration::from_secs(60)), &selection);
    assert!(report.is_green(), "{report}");
    assert!(report.subjects[0].remarks[0].contains("promises nothing"), "{report}");
    assert!(report.to_string().contains("storage odd: the driver promises nothing"), "{report}");
    let nothing = examine(PromisesNothing, &options(), &Selection::all().only("durable"));
    assert!(!nothing.is_green(), "nothing was looked at");
    assert!(nothing.to_string().contains("nothing was looked at: 0 held"), "{nothing}");
    let unknown = examine(Good, &options(), &Selection::all().only("nonsense"));
    assert!(!unknown.is_green() && unknown.subjects.is_empty(), "{unknown}");
}

#[test]
fn the_same_seed_finds_the_same_script_and_the_replay_finds_it_again() {
    let selection = Selection::all().only("scripts_agree_with_the_model");
    let options = options().with_limit(Duration::from_secs(60)).with_cases(64);
    let script = |options: &Options| {
        let report = examine(LosesTheLast, options, &selection).with_command("weir conformance");
        let Outcome::Failed(failure) = &report.subjects[0].properties[0].outcome else { panic!("{report}") };
        (failure.script().to_owned(), report.to_string())
    };
    let (first, text) = script(&options);
    assert_eq!(first, script(&options).0);
    let again = text.lines().find(|line| line.contains("again: ")).unwrap();
    let only = "weir conformance --only 'odd::storage::every::scripts_agree_with_the_model' --seed ";
    let (_, rest) = again.split_once(only).unwrap_or_else(|| panic!("{again}"));
    let (seed, rest) = rest.split_once(' ').unwrap();
    assert_eq!(rest, "--cases 1");
    let replay = options.clone().with_seed(seed.parse().unwrap()).with_cases(1);
    assert_eq!(first, script(&replay).0);
    // Another seed makes other choices.
    assert_ne!(first, script(&options.with_seed(77_777)).0);
}

#[test]
fn once_stopped_nothing_more_is_run_and_nothing_is_blamed() {
    let stop = Shutdown::new();
    let options = options().with_limit(Duration::from_secs(60)).with_stop(stop.clone());
    let subject = Subject::storage(OddHarness(Good));
    let mut ended = 0;
    let report = run(&[subject], &options, &Selection::all(), &mut |progress| {
        ended += usize::from(progress.outcome.is_some());
        if ended == 5 {
            stop.begin();
        }
    });
    let counts = report.counts();
    assert_eq!((counts.held + counts.skipped, counts.failed), (5, 0), "{report}");
    assert!(counts.not_run > 30 && !report.is_green(), "{report}");
    assert_eq!(ended, counts.held + counts.skipped + counts.not_run, "every property is told");
}

#[test]
fn what_cannot_be_written_in_a_report_is_left_out() {
    let report = examine(CannotBeOpened, &options(), &Selection::all().only("order"));
    assert!(report.counts().failed > 0);
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    let failure = &json["subjects"][0]["properties"][0]["failure"];
    assert!(failure["what"].as_str().unwrap().contains("no\u{0} store"), "{failure}");
    assert_eq!(json["subjects"][0]["promises"], serde_json::Value::Null);
    #[cfg(feature = "junit")]
    {
        let junit = report.to_junit().unwrap();
        let document = roxmltree::Document::parse(&junit).unwrap();
        let failed = document.descendants().filter(|node| node.has_tag_name("failure"));
        assert_eq!(failed.clone().count(), report.counts().failed);
        for failure in failed {
            let message = failure.attribute("message").unwrap();
            assert!(message.contains("store here <&\"'> ]]>"), "{message:?}");
        }
    }
}
