//! What a run found, for people and for programs.

mod json;
#[cfg(feature = "junit")]
mod junit;
mod text;

use crate::{Failure, Law, Level, Options, Profile, Property};
use eventweir::{Promises, Timestamp};
use std::time::Duration;

/// Tells what became of every property of every subject. [`run`](crate::run) makes it.
///
/// Printed, it is for terminals: failures first and in full, what was skipped by name and reason, and counts in the last line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The profile.
    pub profile: Profile,
    /// The seed of the first random case.
    pub seed: u64,
    /// How many random cases each property tried.
    pub cases: u64,
    /// When the run began.
    pub started: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
    /// What was examined, in order.
    pub subjects: Vec<SubjectReport>,
    pub(crate) command: Option<String>,
}

/// Tells what became of the properties of one subject.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubjectReport {
    /// The subject's name: a driver, a protocol. Empty when it was not named.
    pub name: String,
    /// The level.
    pub level: Level,
    /// What the store promises, when stores are examined and one could be opened.
    pub promises: Option<Promises>,
    /// Why it could not be examined at all, if so: each of its properties was skipped for that.
    pub skipped: Option<String>,
    /// Sentences about the subject as a whole, such as that nothing was looked at.
    pub remarks: Vec<String>,
    /// The properties, in the order of the documentation's table.
    pub properties: Vec<PropertyReport>,
}

/// Tells what became of one property.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PropertyReport {
    /// The property.
    pub property: &'static Property,
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took.
    pub elapsed: Duration,
}

/// Says what became of a property.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It holds, as far as it was tried.
    Held,
    /// It was not looked at, since the subject does not promise or cannot do what it needs; the text says what.
    Skipped(String),
    /// It does not hold.
    Failed(Failure),
    /// It should have been looked at and was not; the text says why. Such a run has failed.
    NotRun(String),
}

/// Counts properties by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Those that hold.
    pub held: usize,
    /// Those that were skipped.
    pub skipped: usize,
    /// Those that do not hold.
    pub failed: usize,
    /// Those that were not run.
    pub not_run: usize,
}

impl Outcome {
    /// Returns the word that reports use.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Skipped(_) => "skipped",
            Self::Failed(_) => "failed",
            Self::NotRun(_) => "not_run",
        }
    }
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        let count = match outcome {
            Outcome::Held => &mut self.held,
            Outcome::Skipped(_) => &mut self.skipped,
            Outcome::Failed(_) => &mut self.failed,
            Outcome::NotRun(_) => &mut self.not_run,
        };
        *count += 1;
    }
}

impl Report {
    pub(crate) fn begin(options: &Options) -> Self {
        Self {
            profile: options.profile(),
            seed: options.seed(),
            cases: options.cases(),
            started: Timestamp::now(),
            elapsed: Duration::ZERO,
            subjects: Vec::new(),
            command: None,
        }
    }

    /// Names the command that made the report, so that it can say how to run a failing property again: it takes `--seed`,
    /// `--cases` and `--only`. Without it the variables of a test run are named.
    pub fn with_command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// Counts the properties of all subjects.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.examined().for_each(|(_, property)| counts.add(&property.outcome));
        counts
    }

    /// Returns whether nothing failed, everything that should have been looked at was, and at least one property was held.
    pub fn is_green(&self) -> bool {
        let Counts { held, failed, not_run, .. } = self.counts();
        held > 0 && failed == 0 && not_run == 0
    }

    /// Goes through all properties, each with its subject.
    fn examined(&self) -> impl Iterator<Item = (&SubjectReport, &PropertyReport)> {
        let of = |subject| move |property| (subject, property);
        self.subjects.iter().flat_map(move |subject| subject.properties.iter().map(of(subject)))
    }

    /// Says how to run a property that failed again.
    fn replay(&self, subject: &SubjectReport, property: &Property, failure: &Failure) -> String {
        // A case that failed is run again alone; what has no case of its own, as a whole.
        let (seed, cases) = case(failure).map_or((self.seed, self.cases), |seed| (seed, 1));
        match &self.command {
            Some(command) => {
                let name =
                    if subject.name.is_empty() { String::new() } else { format!("{}::", subject.name) };
                let only = format!("{name}{}::{property:?}", subject.level);
                format!("{command} --only '{only}' --seed {seed} --cases {cases}")
            }
            None => format!(
                "EVENTWEIR_SEED={seed} EVENTWEIR_CASES={cases} cargo test {}",
                test(subject, property)
            ),
        }
    }
}

impl SubjectReport {
    /// Returns level and name, for a heading.
    fn title(&self) -> String {
        match self.name.as_str() {
            "" => self.level.to_string(),
            name => format!("{} {name}", self.level),
        }
    }
}

impl PropertyReport {
    /// Returns the law that the property is about, or that it found broken.
    pub fn law(&self) -> Law {
        match &self.outcome {
            Outcome::Failed(failure) => failure.law(),
            _ => self.property.law,
        }
    }
}

/// Names the test that the suites' macros make of a property.
fn test(subject: &SubjectReport, property: &Property) -> String {
    let module = property.law.as_str().replace('-', "_");
    match subject.level {
        Level::Storage | Level::Wire | Level::Wires => format!("{module}::{}", property.name),
        level => format!("{level}::{module}::{}", property.name),
    }
}

/// Returns the seed of the one case that failed. Every failing case prints it, in its script or in its sentence.
fn case(failure: &Failure) -> Option<u64> {
    let seed_in = |text: &str| {
        let (_, rest) = text.rsplit_once("EVENTWEIR_SEED=")?;
        let (seed, rest) = rest.split_once(' ')?;
        rest.starts_with("EVENTWEIR_CASES=1").then(|| seed.parse().ok())?
    };
    seed_in(failure.script()).or_else(|| seed_in(failure.what()))
}
