//! Runs random cases, and shrinks the first that fails.

use crate::Failure;
use crate::settings::Settings;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fmt::{Display, Write};
use std::time::{Duration, Instant};

/// Runs `perform` on random scripts. A failure holds the smallest script found that breaks the same law.
pub(crate) async fn explore<S, Step>(
    scripts: &S,
    perform: impl AsyncFn(&[Step]) -> Result<(), Failure>,
) -> Result<(), Failure>
where
    S: Strategy<Value = Vec<Step>>,
    Step: Display,
{
    let settings = Settings::from_environment()?;
    for case in 0..settings.cases {
        let seed = settings.seed.wrapping_add(case);
        let mut tree = plant(scripts, seed)?;
        let script = tree.current();
        if let Err(failure) = perform(&script).await {
            let (script, failure) = shrink(&mut tree, &perform, script, failure).await;
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
