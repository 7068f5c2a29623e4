//! Runs the suite, and reports.

use crate::report::{Outcome, PropertyReport, Report, SubjectReport};
use crate::storage::lab::Lab;
use crate::subject::Examined;
use crate::{Level, Options, Property, Selection, Subject, Verdict};
use eventweir::{Dedup, Durability, Promises, WakeupReach};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Tells how far a run has come.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// How many properties are done.
    pub done: usize,
    /// How many there are.
    pub of: usize,
    /// The subject's name.
    pub subject: &'a str,
    /// The subject's level.
    pub level: Level,
    /// The property that begins, or has ended.
    pub property: &'static Property,
    /// What became of it; `None` when it begins.
    pub outcome: Option<&'a Outcome>,
}

/// Holds subjects to the properties that a selection chooses, one after the other, and reports what became of each.
///
/// It ends in bounded time: a property has its own, and once three of a subject did not come to an end, the rest of that
/// subject is not run. [`Options::with_stop`] ends it at once. What is not run counts as failed: [`Report::is_green`].
///
/// `observer` is called when a property begins and when it has ended, also when it was not run.
pub fn run(
    subjects: &[Subject],
    options: &Options,
    selection: &Selection,
    observer: &mut dyn FnMut(&Progress<'_>),
) -> Report {
    let began = Instant::now();
    let mut report = Report::begin(options);
    let chosen: Vec<_> =
        subjects.iter().map(|subject| (subject, selection.of(subject.level(), subject.name()))).collect();
    let of = chosen.iter().map(|(_, properties)| properties.len()).sum();
    let mut tell = Teller { done: 0, of, observer };
    for (subject, properties) in chosen.into_iter().filter(|(_, properties)| !properties.is_empty()) {
        report.subjects.push(examine(subject, &properties, options, &mut tell));
    }
    report.elapsed = began.elapsed();
    report
}

struct Teller<'a> {
    done: usize,
    of: usize,
    observer: &'a mut dyn FnMut(&Progress<'_>),
}

impl Teller<'_> {
    fn tell(&mut self, subject: &Subject, property: &'static Property, outcome: Option<&Outcome>) {
        self.done += usize::from(outcome.is_some());
        (self.observer)(&Progress {
            done: self.done,
            of: self.of,
            subject: subject.name(),
            level: subject.level(),
            property,
            outcome,
        });
    }
}

fn examine(
    subject: &Subject,
    chosen: &[&'static Property],
    options: &Options,
    tell: &mut Teller<'_>,
) -> SubjectReport {
    let promises = promises(subject, options);
    let mut stuck = 0;
    let mut properties = Vec::with_capacity(chosen.len());
    for property in chosen {
        let began = Instant::now();
        let outcome = match reason_to_end(options, stuck) {
            Some(why) => Outcome::NotRun(why),
            None => {
                tell.tell(subject, property, None);
                look(subject, property, options)
            }
        };
        if let Outcome::Failed(failure) = &outcome {
            stuck += usize::from(failure.is_stuck());
        }
        tell.tell(subject, property, Some(&outcome));
        properties.push(PropertyReport { property, outcome, elapsed: began.elapsed() });
    }
    let skipped = match subject.examined() {
        Examined::Nothing(why) => Some(why.clone()),
        _ => None,
    };
    let remarks = match skipped {
        Some(_) => Vec::new(),
        None => remarks(promises.as_ref(), &properties),
    };
    let (name, level) = (subject.name().to_owned(), subject.level());
    SubjectReport { name, level, promises, skipped, remarks, properties }
}

fn look(subject: &Subject, property: &'static Property, options: &Options) -> Outcome {
    match property.check(subject, options) {
        Ok(Verdict::Held) => Outcome::Held,
        Ok(Verdict::Skipped(why)) => Outcome::Skipped(why),
        // What was torn off says nothing about the subject.
        Err(_) if options.stop().has_begun() => Outcome::NotRun(STOPPED.to_owned()),
        Err(failure) => Outcome::Failed(failure),
    }
}

fn reason_to_end(options: &Options, stuck: usize) -> Option<String> {
    if options.stop().has_begun() {
        return Some(STOPPED.to_owned());
    }
    (stuck >= MOST_STUCK)
        .then(|| format!("{stuck} properties of it did not come to an end, and each costs minutes"))
}

/// Says what a reader of the report might overlook.
fn remarks(promises: Option<&Promises>, properties: &[PropertyReport]) -> Vec<String> {
    let mut remarks = Vec::new();
    if promises.is_some_and(promises_nothing) {
        remarks.push(
            "the driver promises nothing: nothing survives, repeated ids are not recognised and nobody is woken; what holds \
             here holds for as long as its process lives, and no retry is safe"
                .to_owned(),
        );
    }
    if properties.iter().all(|property| matches!(property.outcome, Outcome::Skipped(_))) {
        remarks.push("every property was skipped: nothing is shown about it".to_owned());
    }
    remarks
}

fn promises_nothing(promises: &Promises) -> bool {
    promises.durability == Durability::Volatile
        && promises.dedup == Dedup::None
        && promises.wakeup == WakeupReach::None
}

/// Asks a fresh store what it promises. What cannot be asked is found by the properties, and told there.
fn promises(subject: &Subject, options: &Options) -> Option<Promises> {
    let Examined::Stores(opener) = subject.examined() else { return None };
    let lab = Lab::new(opener.clone(), options.clone());
    let (answer, answered) = mpsc::channel();
    let asking = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let promises = runtime.block_on(lab.promises());
        runtime.shutdown_background();
        answer.send(promises?).ok()
    };
    // A driver that blocks or panics is left behind.
    let asked = thread::Builder::new().name("promises".to_owned()).spawn(asking);
    asked.ok().and_then(|_| answered.recv_timeout(ASKING).ok())
}

/// A driver that hangs is known to hang after this many properties.
const MOST_STUCK: usize = 3;
/// Opening a store takes seconds where a server is started for it.
const ASKING: Duration = Duration::from_secs(60);
const STOPPED: &str = "the run was stopped";
