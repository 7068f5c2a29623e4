//! `weir conformance`: holds a store, or a running broker, to the laws.

mod arguments;
mod chart;
mod examined;
mod files;
mod place;
mod remote;
mod served;
mod signals;
mod store;

pub use arguments::ConformanceArgs;

use crate::failure::{Failure, Result};
use crate::output::Output;
use arguments::Wanted;
use chart::Chart;
use eventweir_conformance::{Counts, Options, Report, Selection, Subject, run as run_suite};
use examined::Examined;
use files::Files;
use place::UrlHarness;
use signals::Signals;
use std::time::Instant;

/// Runs the suite as the arguments say, and tells what it found.
///
/// # Errors
/// When a law is broken or something was not run; when the arguments, the store, the broker or a report's file cannot be used;
/// when it was interrupted.
pub fn run(arguments: &ConformanceArgs) -> Result<()> {
    if arguments.child {
        eventweir_conformance::child(UrlHarness::of_child());
        return Ok(());
    }
    if let Some(stream) = &arguments.serve {
        return served::serve(stream);
    }
    let wanted = Wanted::of(arguments)?;
    let mut output = Output::stdout();
    if arguments.list {
        return list(&wanted, &mut output);
    }
    let target = wanted.examined()?;
    // What cannot be used is told before anything is looked at.
    let mut files = Files::prepare(arguments)?;
    let signals = Signals::listen()?;
    let examined = Examined::open(target)?;
    let subjects = examined.subjects(&wanted);
    let named: Vec<_> = subjects.iter().map(|subject| (subject.level(), subject.name())).collect();
    let selection = wanted.selection(&named)?;
    let options = wanted.options.clone().with_stop(signals.stop());
    let report = rounds(&wanted, &subjects, &selection, options).with_command(examined.command());
    let left = examined.leave();
    let told = files.write(&report, &mut output);
    if signals.came() {
        return Err(Failure::interrupted());
    }
    told.and(left).and_then(|()| verdict(&report))
}

/// Runs rounds with following seeds until one fails or the time is over. Without a time there is one.
fn rounds(wanted: &Wanted, subjects: &[Subject], selection: &Selection, mut options: Options) -> Report {
    let began = Instant::now();
    let mut chart = Chart::new();
    loop {
        chart.begin(options.seed());
        let report = run_suite(subjects, &options, selection, &mut |progress| chart.show(progress));
        let goes_on = wanted.time.is_some_and(|time| began.elapsed() < time);
        if !goes_on || !report.is_green() {
            return report;
        }
        options = options.with_seed(report.seed.wrapping_add(report.cases));
    }
}

/// Ends the command as the report does.
fn verdict(report: &Report) -> Result<()> {
    let Counts { held, failed, not_run, .. } = report.counts();
    match report.is_green() {
        true => Ok(()),
        false if failed > 0 => Err(Failure::failed(format!("{failed} properties do not hold"))),
        false if not_run > 0 => Err(Failure::failed(format!("{not_run} properties were not run"))),
        false => Err(Failure::failed(format!("nothing is shown: {held} properties were looked at"))),
    }
}

/// Shows the properties that would be looked at.
fn list(wanted: &Wanted, output: &mut Output) -> Result<()> {
    let subjects: Vec<_> = wanted.levels.iter().map(|level| (*level, "")).collect();
    let selection = wanted.selection(&subjects)?;
    for (level, name) in subjects {
        for property in selection.of(level, name) {
            let needs: Vec<_> = property.needs.iter().map(|need| need.as_str()).collect();
            let needs =
                if needs.is_empty() { String::new() } else { format!(" (needs {})", needs.join(", ")) };
            output.line(&format!("{level}::{property:?}{needs}: {}", property.text))?;
        }
    }
    Ok(())
}

/// Runs what a command does beside the suite, which has runtimes of its own.
fn on_a_runtime<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format!("the runtime cannot start: {error}")))?;
    let done = runtime.block_on(work);
    // A driver that blocks must not keep the command from ending.
    runtime.shutdown_background();
    done
}
