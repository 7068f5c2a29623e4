//! Holds everything that is faulty to the laws.

use crate::Faulty;
use eventweir_conformance::{
    Failure, Harness, Law, Level, Options, Profile, Property, Subject, Verdict, properties,
};
use std::path::Path;
use std::time::Duration;

/// Returns what a law says of a subject: the first failure of one of its properties.
///
/// Above bare stores, where each property checks a whole history, a failure of another law's property counts, too, when it names
/// this law; random scripts never do.
pub fn found_by(law: Law, subject: &Subject, options: &Options) -> Option<Failure> {
    let level = subject.level();
    let check = |property: &'static Property| property.check(subject, options).err();
    let mut of_law = properties(level).iter().filter(|property| property.law == law);
    let found = of_law.find_map(check);
    if found.is_some() || level == Level::Storage || law == Law::Every {
        return found;
    }
    let mut others = properties(level).iter().filter(|property| ![law, Law::Every].contains(&property.law));
    others.find_map(|property| check(property).filter(|failure| failure.law() == law))
}

/// The laws of a level that have properties, in the order of their list.
pub fn laws(level: Level) -> Vec<Law> {
    let mut laws: Vec<Law> = properties(level).iter().map(|property| property.law).collect();
    laws.dedup();
    laws
}

/// What the laws say of one faulty thing.
#[derive(Clone, Debug)]
pub struct Row {
    /// What is examined.
    pub faulty: &'static Faulty,
    /// Where it is examined.
    pub level: Level,
    /// How many seeds there were.
    pub seeds: u64,
    /// In how many of them a property of its law failed.
    pub caught: u64,
    /// In how many of them random scripts failed, where they are to.
    pub scripts: Option<u64>,
    /// The other laws that found something, with one seed.
    pub others: Vec<Law>,
    /// What its law said the first time.
    pub said: Option<String>,
}

impl Row {
    /// Returns whether its law finds it in nineteen of twenty seeds, and random scripts too where they are to.
    pub fn is_caught(&self) -> bool {
        let enough = |caught: u64| caught * 20 >= self.seeds * 19;
        enough(self.caught) && self.scripts.is_none_or(enough)
    }
}

/// Examines one faulty thing with the seeds from `first` on.
pub fn examine(faulty: &'static Faulty, program: &Path, first: u64, seeds: u64) -> Row {
    let subject = faulty.subject(program);
    let options = |seed: u64| Options::new(Profile::Quick).with_seed(seed).with_patience(PATIENCE);
    let found = |law, seed| found_by(law, &subject, &options(seed));
    // Each seed makes other choices: its cases are not those of the seed before.
    let chosen = || (0..seeds).map(|n| first.wrapping_add(n.wrapping_mul(APART)));
    let says: Vec<_> = chosen().filter_map(|seed| found(faulty.law, seed)).collect();
    let count = |law| chosen().filter(|seed| found(law, *seed).is_some()).count() as u64;
    let scripts = faulty.scripts.then(|| count(Law::Every));
    let others = others(faulty, &subject, &options(first).with_limit(BRIEF), scripts);
    let said = says.first().map(|failure| failure.what().to_owned());
    Row { faulty, level: subject.level(), seeds, caught: says.len() as u64, scripts, others, said }
}

/// Lists the other laws that have a property that fails: whoever waits for what never comes has found something, too.
fn others(faulty: &Faulty, subject: &Subject, options: &Options, scripts: Option<u64>) -> Vec<Law> {
    let is_red = |law: Law| match law {
        Law::Every => scripts.is_some_and(|caught| caught > 0),
        law => {
            let mut of_law = properties(subject.level()).iter().filter(|property| property.law == law);
            of_law.any(|property| property.check(subject, options).is_err())
        }
    };
    laws(subject.level()).into_iter().filter(|law| *law != faulty.law && is_red(*law)).collect()
}

/// What the laws say of something that is right.
#[derive(Clone, Debug, Default)]
pub struct Right {
    /// How many seeds each property was held with.
    pub seeds: u64,
    /// How many properties there are.
    pub properties: usize,
    /// What was not looked at, and why.
    pub skipped: Vec<String>,
    /// What was found: none of it should be.
    pub alarms: Vec<String>,
}

/// Holds what is right to one property, with the seeds from `first` on.
pub fn examine_right(subject: &Subject, property: &'static Property, first: u64, seeds: u64) -> Right {
    let mut right = Right { seeds, properties: 1, ..Right::default() };
    for seed in (0..seeds).map(|n| first.wrapping_add(n.wrapping_mul(APART))) {
        match property.check(subject, &Options::new(Profile::Quick).with_seed(seed)) {
            Ok(Verdict::Held) => {}
            Ok(Verdict::Skipped(why)) => {
                right.skipped.push(format!("{}::{property:?}: {why}", subject.level()));
                break;
            }
            Err(failure) => {
                right.alarms.push(format!("{}::{property:?} ({seed}): {failure}", subject.level()))
            }
        }
    }
    right
}

impl Right {
    /// Adds what another property says.
    pub fn add(&mut self, other: Self) {
        self.seeds = self.seeds.max(other.seeds);
        self.properties += other.properties;
        self.skipped.extend(other.skipped);
        self.alarms.extend(other.alarms);
    }
}

/// The levels at which a harness is examined, without a wire.
pub fn levels<H: Harness>(harness: impl Fn() -> H) -> Vec<Subject> {
    vec![Subject::storage(harness()), Subject::broker(harness()), Subject::brokers(harness())]
}

/// What a faulty one withholds is not waited for as long as elsewhere: nothing comes of it.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a law that need not find anything is given.
const BRIEF: Duration = Duration::from_secs(10);
/// More than the cases of a full run.
const APART: u64 = 1 << 20;
