//! Runs random cases, and shrinks the first that fails.

use crate::Failure;
use crate::Options;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fmt::{Display, Write};
use std::time::{Duration, Instant};

/// Says how to look for a failing script, and for a smaller one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    /// The seed of the first case; each further case has the next number.
    seed: u64,
    cases: u64,
    /// How often a script is performed.
    performances: usize,
    /// How often a smaller script is performed before it counts as one that does not fail.
    tries: usize,
}

impl Search {
    /// Performs cheap scripts, which do the same each time.
    pub(crate) fn of_cases(options: &Options) -> Self {
        Self { seed: options.seed(), cases: options.cases(), performances: 1, tries: 1 }
    }

    /// Performs costly scripts of several clients, which fail only when they meet.
    pub(crate) fn of_rounds(options: &Options) -> Self {
        Self { seed: options.seed(), cases: options.rounds(), performances: 1, tries: 4 }
    }

    /// Performs quick scripts of several clients, which fail only when they meet. A single case, as one asks for that knows
    /// that it fails, is performed again and again.
    pub(crate) fn of_meetings(options: &Options) -> Self {
        let performances = if options.cases() == 1 { 64 } else { 1 };
        Self { seed: options.seed(), cases: options.cases().div_ceil(3), performances, tries: 8 }
    }
}

/// Runs `perform` on random scripts. A failure holds the smallest script found that breaks the same law.
///
/// `perform` is given the case's seed too, for choices that are not part of the script.
pub(crate) async fn explore<S, Step>(
    search: Search,
    scripts: &S,
    perform: impl AsyncFn(&[Step], u64) -> Result<(), Failure>,
) -> Result<(), Failure>
where
    S: Strategy<Value = Vec<Step>>,
    Step: Display,
{
    for case in 0..search.cases {
        let seed = search.seed.wrapping_add(case);
        let mut tree = plant(scripts, seed)?;
        let script = tree.current();
        let several = async |script: &[Step], times: usize| {
            for _ in 0..times {
                perform(script, seed).await?;
            }
            Ok(())
        };
        if let Err(failure) = several(&script, search.performances).await {
            let again = async |script: &[Step]| several(script, search.tries).await;
            let (script, failure) = shrink(&mut tree, &again, script, failure).await;
            return Err(failure.with_script(print(&script, seed)));
        }
    }
    Ok(())
}

/// Makes the script of a seed.
fn plant<S: Strategy>(scripts: &S, seed: u64) -> Result<S::Tree, Failure> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    scripts
        .new_tree(&mut runner)
        .map_err(|reason| Failure::new(format!("the suite can make no script: {reason}")))
}

/// Makes a failing script smaller for as long as it breaks the same law, and there is time.
async fn shrink<T: ValueTree<Value = Vec<Step>>, Step>(
    tree: &mut T,
    perform: &impl AsyncFn(&[Step]) -> Result<(), Failure>,
    mut smallest: Vec<Step>,
    mut failure: Failure,
) -> (Vec<Step>, Failure) {
    let end = Instant::now() + SHRINK_TIME;
    let mut goes_on = tree.simplify();
    while goes_on && Instant::now() < end {
        let script = tree.current();
        goes_on = match perform(&script).await {
            Err(found) if found.law() == failure.law() => {
                (smallest, failure) = (script, found);
                tree.simplify()
            }
            _ => tree.complicate(),
        };
    }
    (smallest, failure)
}

/// Prints a script as a table, and how to run it again.
fn print<Step: Display>(script: &[Step], seed: u64) -> String {
    let mut table = String::from("The smallest script found:\n");
    for (number, step) in script.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(table, "{:>4}  {step}", number + 1);
    }
    let _ = write!(table, "\nRun it again with EVENTWEIR_SEED={seed} EVENTWEIR_CASES=1");
    table
}

/// The smallest script is a comfort; the failure counts.
const SHRINK_TIME: Duration = Duration::from_secs(30);
