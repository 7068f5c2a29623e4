//! One property, and how it is held against a driver.

use crate::bench::{Bench, Lab};
use crate::{Failure, Harness, Law, PROPERTIES, Verdict};
use eventweir::{Dedup, WakeupReach};
use futures_util::future::LocalBoxFuture;
use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Checks one consequence of a law.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Property {
    /// The law.
    pub law: Law,
    /// The property's name, unique within the law.
    pub name: &'static str,
    /// What a driver must promise for the property to mean anything.
    pub needs: Needs,
    /// What the driver is held to, in a sentence.
    pub text: &'static str,
    pub(crate) run: for<'a> fn(&'a Lab) -> LocalBoxFuture<'a, Result<(), Failure>>,
}

/// Says what a driver must promise for a property to mean anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Nothing beyond the contract.
    Nothing,
    /// That repeated ids are recognised, for ten minutes at least.
    Dedup,
    /// More than [`Durability::Volatile`](eventweir::Durability::Volatile).
    Durability,
    /// A [`Catalog`](eventweir::Catalog).
    Catalog,
    /// That commits wake readers in the same process.
    Wakeups,
}

impl Needs {
    /// Returns the words for the documentation's table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Dedup => "repeated ids",
            Self::Durability => "durability",
            Self::Catalog => "a catalog",
            Self::Wakeups => "wake-ups",
        }
    }

    /// Returns why the property is skipped, when it is.
    fn unmet(self, bench: &Bench) -> Option<String> {
        let promises = bench.promises();
        let (met, why) = match self {
            Self::Nothing => (true, "nothing is needed"),
            Self::Dedup => (remembers_ids(promises.dedup), "it does not promise to recognise repeated ids"),
            Self::Durability => (bench.survives(), "it promises to survive nothing (volatile)"),
            Self::Catalog => (bench.client.storage.catalog().is_some(), "it has no catalog"),
            Self::Wakeups => (promises.wakeup != WakeupReach::None, "it promises no wake-ups"),
        };
        (!met).then(|| why.to_owned())
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

impl Property {
    /// Finds a property of [`PROPERTIES`].
    pub fn named(law: Law, name: &str) -> Option<&'static Self> {
        PROPERTIES.iter().find(|property| property.law == law && property.name == name)
    }

    /// Holds a driver to the property, on a thread and a runtime of its own.
    ///
    /// The thread is what makes the time bounded: a driver that blocks it is left behind and told so.
    ///
    /// # Errors
    /// A [`Failure`] that says which law is broken and how: also when the driver panics, or is not done in two minutes.
    pub fn check(&'static self, harness: impl Harness) -> Result<Verdict, Failure> {
        let (answer, answered) = mpsc::channel();
        let examiner = thread::Builder::new().name(format!("{}::{}", self.law, self.name));
        let examiner = examiner
            .spawn(move || answer.send(self.examine(harness)))
            .map_err(|error| Failure::new(format!("the suite cannot start a thread: {error}")))?;
        let verdict = match answered.recv_timeout(LIMIT) {
            Ok(verdict) => verdict,
            Err(RecvTimeoutError::Timeout) => Err(Failure::new(format!(
                "the driver did not finish in {} seconds: a call waits for something that never comes, or is very slow",
                LIMIT.as_secs()
            ))),
            Err(RecvTimeoutError::Disconnected) => Err(panicked(examiner)),
        };
        verdict.map_err(|failure| failure.or_of(self.law))
    }

    fn examine(&self, harness: impl Harness) -> Result<Verdict, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(format!("the suite cannot start a runtime: {error}")))?;
        let verdict = runtime.block_on(async {
            let lab = Lab::new(harness);
            if let Some(why) = self.needs.unmet(&lab.open().await?) {
                return Ok(Verdict::Skipped(why));
            }
            (self.run)(&lab).await?;
            Ok(Verdict::Held)
        });
        // A task that blocks must not keep the verdict back.
        runtime.shutdown_background();
        verdict
    }
}

/// Tells what a panic said.
fn panicked<T>(thread: thread::JoinHandle<T>) -> Failure {
    let Err(panic) = thread.join() else { return Failure::new("the examination ended without a verdict") };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(without a text)");
    Failure::new(format!("the driver panicked: {text}"))
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.law, self.name)
    }
}

/// Holds a driver to a property as a test does: [`storage_suite!`](crate::storage_suite) makes one test of each.
///
/// A property that the driver's promises do not call for prints its name and why.
///
/// # Panics
/// When the driver breaks the law, with the [`Failure`]; that is how a test fails.
#[allow(clippy::panic, reason = "a test fails by a panic")]
pub fn hold(law: Law, name: &str, harness: impl Harness) {
    let Some(property) = Property::named(law, name) else { panic!("there is no property {law}::{name}") };
    match property.check(harness) {
        Ok(Verdict::Held) => {}
        Ok(Verdict::Skipped(why)) => eprintln!("skipped {property:?}: {why}"),
        Err(failure) => panic!("{property:?} does not hold.\n{}.\n\n{failure}\n", property.text),
    }
}

/// Properties take seconds; one that takes this long is stuck.
const LIMIT: Duration = Duration::from_secs(120);
/// Enough for real concurrency, also on a small machine.
const WORKERS: usize = 4;
