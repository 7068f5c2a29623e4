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
    /// Whether a smaller script must break the same law. Clients that meet break one law or another by the same defect.
    same_law: bool,
}

impl Search {
    /// Performs cheap scripts, which do the same each time.
    pub(crate) fn of_cases(options: &Options) -> Self {
        Self { seed: options.seed(), cases: options.cases(), performances: 1, tries: 1, same_law: true }
    }

    /// Performs costly scripts of several clients, which fail only when they meet.
    pub(crate) fn of_rounds(options: &Options) -> Self {
        Self { seed: options.seed(), cases: options.rounds(), performances: 1, tries: 4, same_law: true }
    }

    /// Performs quick scripts of several clients, which fail only when they meet. A single case, as one asks for that knows
    /// that it fails, is performed again and again.
    pub(crate) fn of_meetings(options: &Options) -> Self {
        let performances = if options.cases() == 1 { 64 } else { 1 };
        let cases = options.cases().div_ceil(3);
        Self { seed: options.seed(), cases, performances, tries: 8, same_law: false }
    }
}

/// Runs `perform` on random scripts. A failure holds the smallest script found that breaks the same law.
pub(crate) async fn explore<S, Step>(
    search: Search,
    scripts: &S,
    perform: impl AsyncFn(&[Step]) -> Result<(), Failure>,
) -> Result<(), Failure>
where
    S: Strategy<Value = Vec<Step>>,
    Step: Display + Clone,
{
    for case in 0..search.cases {
        let seed = search.seed.wrapping_add(case);
        let mut tree = plant(scripts, seed)?;
        let script = tree.current();
        let several = async |script: &[Step], times: usize| {
            for _ in 0..times {
                perform(script).await?;
            }
            Ok(())
        };
        if let Err(failure) = several(&script, search.performances).await {
            let again = async |script: &[Step]| several(script, search.tries).await;
            let found = Found { script, failure, same_law: search.same_law };
            let found = found.simplify(&mut tree, &again, SHRINK_TIME).await;
            let Found { script, failure, .. } = found.leave_out(&again, SHRINK_TIME).await;
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

/// A script that fails, and how.
struct Found<Step> {
    script: Vec<Step>,
    failure: Failure,
    same_law: bool,
}

impl<Step: Clone> Found<Step> {
    /// Performs a smaller script, and takes it when it fails as well.
    async fn try_smaller(
        &mut self,
        perform: &impl AsyncFn(&[Step]) -> Result<(), Failure>,
        script: Vec<Step>,
    ) -> bool {
        match perform(&script).await {
            Err(failure) if !self.same_law || failure.law() == self.failure.law() => {
                (self.script, self.failure) = (script, failure);
                true
            }
            _ => false,
        }
    }

    /// Makes the script and its steps smaller, in the way that they were made, while there is time.
    async fn simplify<T: ValueTree<Value = Vec<Step>>>(
        mut self,
        tree: &mut T,
        perform: &impl AsyncFn(&[Step]) -> Result<(), Failure>,
        time: Duration,
    ) -> Self {
        let end = Instant::now() + time;
        let mut goes_on = tree.simplify();
        while goes_on && Instant::now() < end {
            let fails = self.try_smaller(perform, tree.current()).await;
            goes_on = if fails { tree.simplify() } else { tree.complicate() };
        }
        self
    }

    /// Leaves steps out, many at a time and then one by one, until none can be left out, while there is time. It tries again
    /// what did not fail before: that may have been luck.
    async fn leave_out(
        mut self,
        perform: &impl AsyncFn(&[Step]) -> Result<(), Failure>,
        time: Duration,
    ) -> Self {
        let end = Instant::now() + time;
        let mut size = self.script.len() / 2;
        while size > 0 && Instant::now() < end {
            let before = self.script.len();
            let mut start = 0;
            while start < self.script.len() && before > 1 && Instant::now() < end {
                let left_out = start..(start + size).min(self.script.len());
                let mut script = self.script.clone();
                script.drain(left_out);
                if script.is_empty() || !self.try_smaller(perform, script).await {
                    start += size;
                }
            }
            // A round that left something out is worth another one of its size.
            if self.script.len() == before {
                size /= 2;
            }
        }
        self
    }
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
const SHRINK_TIME: Duration = Duration::from_secs(15);
