//! Runs contests, in turns, and shows their figures.

use super::arguments::BenchArgs;
use super::chart::Chart;
use super::contest::{Contest, Load};
use super::figure::{Figure, Sample, Summary};
use super::machine::{self, OrFail};
use super::pace::Pace;
use super::tidy::Tidy;
use crate::failure::Result;
use crate::output::Output;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Holds what every load needs to know.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) time: Duration,
    pub(super) pace: Pace,
    pub(super) payload: usize,
    pub(super) chart: Chart,
    rounds: usize,
    json: bool,
    pub(super) tidy: Arc<Tidy>,
}

impl Context {
    pub(super) fn new(arguments: &BenchArgs) -> Result<Self> {
        Ok(Self {
            time: arguments.time(),
            pace: arguments.pace(),
            payload: arguments.payload(),
            chart: Chart::new(),
            rounds: arguments.rounds.into(),
            json: arguments.json,
            tidy: Tidy::begin(&arguments.dir.clone().unwrap_or_else(std::env::temp_dir))?,
        })
    }

    /// Makes an empty folder for a store, which goes with its handle.
    pub(super) fn folder(&self) -> Result<TempDir> {
        tempfile::tempdir_in(self.tidy.root()).or_fail("no folder can be made")
    }

    /// Returns how long a load runs before it is measured, so that caches and connections are warm.
    pub(super) fn warm_up(&self) -> Duration {
        (self.time / 10).min(Duration::from_millis(500))
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        let pace = match self.pace {
            Pace::Closed => "closed".to_owned(),
            Pace::Open(rate) => format!("open,{rate}/s"),
        };
        let unknown = || "unknown".to_owned();
        vec![
            ("loop", pace),
            ("payload", self.payload.to_string()),
            ("seconds", self.time.as_secs_f64().to_string()),
            ("cores", machine::cores().to_string()),
            ("files", machine::file_system(self.tidy.root()).unwrap_or_else(unknown)),
            ("load_average", machine::load_average().map_or_else(unknown, |load| load.to_string())),
        ]
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.tidy.remove_folder();
    }
}

/// Runs contests one after the other.
pub(super) struct Runner {
    context: Context,
    output: Output,
}

impl Runner {
    pub(super) fn new(context: Context, output: Output) -> Self {
        Self { context, output }
    }

    /// Runs all contests; each one's figures are shown as soon as they are known.
    pub(super) fn run(mut self, contests: Vec<Contest>) -> Result<()> {
        let loads =
            contests.iter().map(|contest| self.rounds(contest) * (1 + contest.against.len())).sum::<usize>();
        self.context.chart.expect(loads as u64);
        contests.into_iter().try_for_each(|contest| self.hold(contest))
    }

    fn rounds(&self, contest: &Contest) -> usize {
        if contest.repeated { self.context.rounds } else { 1 }
    }

    fn hold(&mut self, mut contest: Contest) -> Result<()> {
        let rounds = self.rounds(&contest);
        let mut conditions = std::mem::take(&mut contest.conditions);
        conditions.push(("rounds", rounds.to_string()));
        conditions.extend(self.context.conditions());
        let mut ours = Vec::with_capacity(rounds);
        let mut bare: Vec<Vec<Sample>> = contest.against.iter().map(|_| Vec::new()).collect();
        // In turns, so that a slow minute of the machine hits all alike.
        for _ in 0..rounds {
            ours.push(self.load(&mut contest.ours, &contest.name)?);
            for (against, samples) in contest.against.iter_mut().zip(&mut bare) {
                samples.push(self.load(&mut against.load, &format!("{}: bare", contest.name))?);
            }
        }
        let ours = Summary::of(&ours);
        for (against, samples) in contest.against.iter().zip(&bare) {
            let figure = Figure {
                name: format!("{}{}", contest.name, against.suffix),
                unit: contest.unit,
                better: contest.better,
                ours: &ours,
                bare_is: against.what,
                bare: &Summary::of(samples),
                // A rate that was asked for says nothing about what could be reached.
                target: against.target.filter(|_| self.context.pace == Pace::Closed),
                conditions: &conditions,
            };
            self.show(&figure)?;
        }
        Ok(())
    }

    fn load(&self, load: &mut Load, name: &str) -> Result<Sample> {
        self.context.chart.say(name);
        let sample = load(&self.context)?;
        self.context.chart.step();
        Ok(sample)
    }

    fn show(&mut self, figure: &Figure<'_>) -> Result<()> {
        let Self { context, output } = self;
        context.chart.aside(|| match context.json {
            true => output.line(&figure.to_json().to_string()),
            false => output.text(&figure.to_text()),
        })
    }
}
