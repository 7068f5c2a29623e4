//! Law *durable*, for processes: what was acknowledged survives `kill -9`, and standing still.

use crate::Failure;
use crate::faults::Dice;
use crate::property::remembers_ids;
use crate::storage::child::{Attempt, Before, Ledger, Outcome, Running};
use crate::storage::lab::{Bench, Lab};
use eventweir::{Effect, Storage, StreamName};
use std::time::Duration;
use tokio::time::{sleep, timeout};

pub(crate) async fn killed_it_keeps_what_it_acknowledged(lab: &Lab) -> Result<(), Failure> {
    for store in 0..lab.options.rounds().div_ceil(LIVES) {
        let seed = lab.options.seed().wrapping_add(store);
        kill_again_and_again(lab, seed).await.map_err(|failure| failure.with_script(replay(seed)))?;
    }
    Ok(())
}

/// Several processes live and die on one store.
async fn kill_again_and_again(lab: &Lab, seed: u64) -> Result<(), Failure> {
    let (mut bench, mut ledger, mut dice) = begin(lab, seed).await?;
    for life in 0..LIVES {
        let (place, stream) = whereabouts(&bench)?;
        ledger.begin(life);
        let lived = async {
            let mut process = Running::start(lab, &place, &stream, seed, life)?;
            let death = Death::choose(&mut dice);
            death.come(&mut process, &mut ledger).await?;
            process.kill(&mut ledger).await?;
            expect_undisturbed(&ledger)
        };
        (bench, ()) = bench.lend(lived).await.map_err(|failure| with_counts(failure, &ledger))?;
        check(&bench, &mut ledger).await?;
    }
    Ok(())
}

/// A process that has the store to itself is refused nothing.
fn expect_undisturbed(ledger: &Ledger) -> Result<(), Failure> {
    match ledger.failure() {
        Some(why) => {
            Err(Failure::new(format!("a commit of the process that writes should have succeeded: {why}")))
        }
        None => Ok(()),
    }
}

/// When a process is killed.
struct Death {
    /// After so many acknowledgements.
    acknowledged: u64,
    /// It stands still then, and goes on for some more.
    pause: Option<Duration>,
    /// And a little later: in the middle of what comes next.
    later: Duration,
    /// It is killed while it stands still.
    still: bool,
}

impl Death {
    fn choose(dice: &mut Dice) -> Self {
        Self {
            acknowledged: if dice.chance(0.2) { 1 } else { dice.between(1, MOST_COMMITS) },
            pause: dice.chance(0.3).then(|| Duration::from_millis(dice.between(1, 100))),
            later: Duration::from_micros(dice.between(0, 10_000)),
            still: dice.chance(0.2),
        }
    }

    async fn come(&self, process: &mut Running, ledger: &mut Ledger) -> Result<(), Failure> {
        process.acknowledge(ledger, self.acknowledged).await?;
        if let Some(span) = self.pause {
            process.pause().await?;
            sleep(span).await;
            process.resume()?;
            process.acknowledge(ledger, self.acknowledged / 4 + 1).await?;
        }
        sleep(self.later).await;
        if self.still {
            process.pause().await?;
        }
        Ok(())
    }
}

pub(crate) async fn a_process_that_stood_still_loses_nothing(lab: &Lab) -> Result<(), Failure> {
    for store in 0..lab.options.rounds().div_ceil(LIVES) {
        let seed = lab.options.seed().wrapping_add(store);
        stand_still(lab, seed).await.map_err(|failure| failure.with_script(replay(seed)))?;
    }
    Ok(())
}

async fn stand_still(lab: &Lab, seed: u64) -> Result<(), Failure> {
    let (bench, mut ledger, mut dice) = begin(lab, seed).await?;
    let (place, stream) = whereabouts(&bench)?;
    let lived = async {
        let mut process = Running::start(lab, &place, &stream, seed, 0)?;
        process.acknowledge(&mut ledger, dice.between(1, 40)).await?;
        process.pause().await?;
        process.listen(&mut ledger).await?;
        let intruded = intrude(lab, &place, &stream, seed, &mut ledger).await?;
        process.resume()?;
        // It goes on. Only when another one may have taken its place it may be told so.
        process.acknowledge(&mut ledger, dice.between(1, 40)).await?;
        process.kill(&mut ledger).await?;
        if intruded { Ok(()) } else { expect_undisturbed(&ledger) }
    };
    let (bench, ()) = bench.lend(lived).await.map_err(|failure| with_counts(failure, &ledger))?;
    check(&bench, &mut ledger).await
}

/// Opens the store of a process that stands still, and commits to it. Whatever the driver makes of that, its answer must be
/// true. Returns whether the commit may have been carried out.
async fn intrude(
    lab: &Lab,
    place: &str,
    stream: &StreamName,
    seed: u64,
    ledger: &mut Ledger,
) -> Result<bool, Failure> {
    // To refuse it, and to let it wait, are both ways to have one owner.
    let Ok(Ok(other)) = timeout(INTRUDER_WAITS, lab.open_beside(place)).await else { return Ok(false) };
    let attempt = Attempt { life: 0, writer: INTRUDER, number: 0, before: Before::default() };
    ledger.begin_try(attempt);
    let answer = timeout(INTRUDER_WAITS, other.commit(stream, &attempt.commit(seed))).await;
    let outcome = match answer {
        Ok(Ok(receipt)) => Outcome::Acknowledged(receipt),
        Ok(Err(error)) if error.effect() == Effect::NotApplied => Outcome::Refused(error.to_string()),
        Ok(Err(_)) | Err(_) => Outcome::Unknown,
    };
    let refused = matches!(outcome, Outcome::Refused(_));
    ledger.end_try(INTRUDER, outcome)?;
    // It may wait for the one that stands still, and that is nothing to wait for.
    let _ = timeout(INTRUDER_WAITS, other.close()).await;
    Ok(!refused)
}

async fn begin(lab: &Lab, seed: u64) -> Result<(Bench, Ledger, Dice), Failure> {
    let bench = lab.open().await?;
    // Shown once, the epoch is to stay.
    let epoch = bench.client.bounds().await?.epoch;
    Ok((bench, Ledger::new(seed, epoch), Dice::new(seed)))
}

fn whereabouts(bench: &Bench) -> Result<(String, StreamName), Failure> {
    let place = bench.place().ok_or_else(|| Failure::new("the harness names no place any more"))?;
    Ok((place, bench.client.stream.clone()))
}

/// Looks at what a process has left, and goes on there.
async fn check(bench: &Bench, ledger: &mut Ledger) -> Result<(), Failure> {
    let looked = async {
        ledger.settle(&bench.client).await?;
        if remembers_ids(bench.promises().dedup) {
            ledger.repeat(&bench.client).await?;
            ledger.settle(&bench.client).await?;
        }
        Ok(())
    };
    let looked = looked.await;
    looked.map_err(|failure| with_counts(failure, ledger))
}

fn with_counts(failure: Failure, ledger: &Ledger) -> Failure {
    failure.at(ledger.counts())
}

fn replay(seed: u64) -> String {
    format!(
        "Run it again with EVENTWEIR_SEED={seed} EVENTWEIR_CASES=1; the moment of a kill is never quite the same"
    )
}

/// So many processes live on one store, one after the other.
const LIVES: u64 = 4;
const MOST_COMMITS: u64 = 200;
/// The number of the writer that is none of the process's.
const INTRUDER: u64 = 9;
const INTRUDER_WAITS: Duration = Duration::from_secs(3);
