//! One property, and how it is held against what is examined.

use crate::delivery::Stage;
use crate::storage::lab::Lab;
use crate::subject::{Examined, Subject};
use crate::{Failure, Law, Level, Options, Verdict};
use eventweir::{Dedup, WakeupReach};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Checks one consequence of a law.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Property {
    /// The law.
    pub law: Law,
    /// The property's name, unique within the law and its list.
    pub name: &'static str,
    /// What there must be for the property to mean anything.
    pub needs: &'static [Needs],
    /// What is demanded, in a sentence.
    pub text: &'static str,
    pub(crate) run: Run,
}

/// What a property looks at.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// Bare stores.
    Storage(for<'a> fn(&'a Lab) -> LocalBoxFuture<'a, Result<(), Failure>>),
    /// Clients of a broker.
    Delivery(for<'a> fn(&'a Stage) -> LocalBoxFuture<'a, Result<(), Failure>>),
}

/// Says what there must be for a property to mean anything. Without it the property is skipped, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Repeated ids are recognised, for ten minutes at least; the protocol has ids.
    Ids,
    /// More than [`Durability::Volatile`](eventweir::Durability::Volatile).
    Durability,
    /// A [`Catalog`](eventweir::Catalog).
    Catalog,
    /// Commits wake readers in the same process.
    Wakeups,
    /// [`Harness::place`](crate::Harness::place): a process that can be killed.
    Place,
    /// [`Harness::small`](crate::Harness::small): a store that can be filled.
    Small,
    /// [`Harness::with_clock`](crate::Harness::with_clock): a clock that can be turned.
    Clock,
    /// A protocol that publishes several events as one commit.
    Batches,
    /// A protocol that tells gaps.
    Gaps,
    /// A protocol that tells resets.
    Resets,
    /// A protocol that begins with what comes.
    Latest,
    /// A broker whose events the suite may trim.
    Trim,
    /// A broker whose channels the suite may remove.
    Remove,
    /// A broker whose stream the suite may remove.
    BeginAnew,
    /// A broker that the suite may start again.
    Restart,
    /// A broker that the suite may kill.
    Kill,
    /// Several brokers, any of which the suite may kill and leave away.
    Brokers,
    /// A broker that the suite may stop and continue.
    Pause,
    /// Connections that can be cut, stalled and split.
    Connections,
    /// A store that can be made to fail.
    Faults,
}

impl Needs {
    /// Returns the words for the documentation's table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ids => "repeated ids",
            Self::Durability => "durability",
            Self::Catalog => "a catalog",
            Self::Wakeups => "wake-ups",
            Self::Place => "a place",
            Self::Small => "a small store",
            Self::Clock => "a clock",
            Self::Batches => "batches",
            Self::Gaps => "gaps",
            Self::Resets => "resets",
            Self::Latest => "latest",
            Self::Trim => "trim",
            Self::Remove => "removal",
            Self::BeginAnew => "a new stream",
            Self::Restart => "restart",
            Self::Kill => "kill",
            Self::Brokers => "several brokers",
            Self::Pause => "pause",
            Self::Connections => "connections",
            Self::Faults => "faults",
        }
    }
}

/// Whether ids outlive a whole run of the suite, so that no property depends on the clock.
pub(crate) fn remembers_ids(dedup: Dedup) -> bool {
    match dedup {
        Dedup::None => false,
        Dedup::Window(window) => window >= Duration::from_secs(600),
        Dedup::Forever => true,
    }
}

/// Whether commits wake anyone.
pub(crate) fn wakes(reach: WakeupReach) -> bool {
    reach != WakeupReach::None
}

impl Property {
    /// Finds a property of a level.
    pub fn named(level: Level, law: Law, name: &str) -> Option<&'static Self> {
        crate::properties(level).iter().find(|property| property.law == law && property.name == name)
    }

    /// Holds a subject to the property, on a thread and a runtime of its own.
    ///
    /// The thread is what makes the time bounded: a driver that blocks it is left behind and told so.
    ///
    /// # Errors
    /// A [`Failure`] that says which law is broken and how: also when the driver panics, or is not done in time.
    pub fn check(&'static self, subject: &Subject, options: &Options) -> Result<Verdict, Failure> {
        let (answer, answered) = mpsc::channel();
        let (subject, given) = (subject.clone(), options.clone());
        let examiner = thread::Builder::new().name(format!("{}::{}", self.law, self.name));
        let examiner = examiner
            .spawn(move || answer.send(self.examine(&subject, given)))
            .map_err(|error| Failure::new(format!("the suite cannot start a thread: {error}")))?;
        let verdict = match wait(&answered, options) {
            Ok(verdict) => verdict,
            Err(RecvTimeoutError::Timeout) => Err(unfinished(options)),
            Err(RecvTimeoutError::Disconnected) => Err(match examiner.join() {
                Ok(_) => Failure::new("the examination ended without a verdict"),
                Err(panic) => panicked(&*panic),
            }),
        };
        verdict.map_err(|failure| failure.or_of(self.law))
    }

    fn examine(&self, subject: &Subject, options: Options) -> Result<Verdict, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(format!("the suite cannot start a runtime: {error}")))?;
        let verdict = runtime.block_on(self.perform(subject, options));
        // A task that blocks must not keep the verdict back.
        runtime.shutdown_background();
        verdict
    }

    async fn perform(&self, subject: &Subject, options: Options) -> Result<Verdict, Failure> {
        match (self.run, subject.examined()) {
            (Run::Storage(run), Examined::Stores(opener)) => {
                let lab = Lab::new(opener.clone(), options.clone());
                let verdict = bounded(&options, async {
                    match lab.unmet(self.needs).await? {
                        Some(why) => Ok(Verdict::Skipped(why)),
                        None => run(&lab).await.map(|()| Verdict::Held),
                    }
                });
                left(&options, verdict.await, lab.leave()).await
            }
            (Run::Delivery(run), Examined::Sites(opener)) => {
                let stage = Stage::new(opener.clone(), options.clone());
                let verdict = bounded(&options, async {
                    match stage.unmet(self.needs).await? {
                        Some(why) => Ok(Verdict::Skipped(why)),
                        None => run(&stage).await.map(|()| Verdict::Held),
                    }
                });
                left(&options, verdict.await, stage.leave()).await
            }
            (_, Examined::Nothing(why)) => Ok(Verdict::Skipped(why.clone())),
            _ => Err(Failure::new(format!("{self:?} is not a property of the level {}", subject.level()))),
        }
    }
}

/// Looks until there is a verdict, the time is over, or the user wants no more. However it ends, what was made can be removed
/// after it.
async fn bounded(
    options: &Options,
    looking: impl Future<Output = Result<Verdict, Failure>>,
) -> Result<Verdict, Failure> {
    let looking = AssertUnwindSafe(looking).catch_unwind();
    tokio::select! {
        () = options.stop().begun() => Err(Failure::new("stopped before it had a verdict")),
        looked = tokio::time::timeout(options.limit(), looking) => match looked {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(panic)) => Err(panicked(&*panic)),
            Err(_) => Err(unfinished(options)),
        },
    }
}

/// Tidies up. What was found before counts more than what tidying up finds.
async fn left(
    options: &Options,
    verdict: Result<Verdict, Failure>,
    leaving: impl Future<Output = Result<(), Failure>>,
) -> Result<Verdict, Failure> {
    let grace = options.grace();
    let late = || Failure::stuck(format!("what the suite made is not removed in {} s", grace.as_secs()));
    let left = tokio::time::timeout(grace, leaving).await.unwrap_or_else(|_| Err(late()));
    verdict.and_then(|verdict| left.map(|()| verdict))
}

/// Waits for the thread, which ends in time by itself unless the driver blocks it.
fn wait<T>(answered: &mpsc::Receiver<T>, options: &Options) -> Result<T, RecvTimeoutError> {
    let mut end = Instant::now() + options.limit() + options.grace() + SPARE;
    let mut stopped = false;
    loop {
        if !stopped && options.stop().has_begun() {
            (stopped, end) = (true, end.min(Instant::now() + options.grace() + SPARE));
        }
        let left = end.saturating_duration_since(Instant::now());
        match answered.recv_timeout(left.min(LOOK)) {
            Err(RecvTimeoutError::Timeout) if left > LOOK => {}
            answer => return answer,
        }
    }
}

fn unfinished(options: &Options) -> Failure {
    Failure::stuck(format!(
        "not done in {} seconds: a call waits for something that never comes, or is very slow",
        options.limit().as_secs()
    ))
}

/// Tells what a panic said.
fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(without a text)");
    Failure::new(format!("the driver panicked: {text}"))
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.law, self.name)
    }
}

/// Holds a subject to a property as a test does: [`storage_suite!`](crate::storage_suite) makes one test of each.
///
/// A property that cannot be looked at prints its name and why.
///
/// # Panics
/// When the law is broken, with the [`Failure`]; that is how a test fails.
#[allow(clippy::panic, reason = "a test fails by a panic")]
pub fn hold(subject: &Subject, law: Law, name: &str) {
    let level = subject.level();
    let Some(property) = Property::named(level, law, name) else {
        panic!("there is no property {law}::{name} at the level {level}")
    };
    let verdict = Options::from_environment().and_then(|options| property.check(subject, &options));
    match verdict {
        Ok(Verdict::Held) => {}
        Ok(Verdict::Skipped(why)) => eprintln!("skipped {level}::{property:?}: {why}"),
        Err(failure) => panic!("{level}::{property:?} does not hold.\n{}.\n\n{failure}\n", property.text),
    }
}

/// Enough for real concurrency, also on a small machine.
const WORKERS: usize = 4;
/// How long a thread has to end once its time is over.
const SPARE: Duration = Duration::from_secs(2);
/// How soon it is seen that the user wants no more.
const LOOK: Duration = Duration::from_millis(50);
