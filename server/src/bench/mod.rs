//! `weir bench`: what the broker does, beside what the machine could do without it.
//!
//! Every figure stands beside a bare limit measured in the same run, in turns with it: the plain SQLite design, axum with
//! nothing behind it, a plain script in Redis, single inserts into MongoDB. Servers under test are child processes; the load
//! comes from this one.

mod arguments;
mod bare;
mod chart;
mod contest;
mod data;
mod embedded;
mod figure;
mod latency;
mod load;
mod machine;
mod mongo;
mod outside;
mod pace;
mod plain;
mod redis;
mod runner;
mod scenarios;
mod server;
mod tidy;

pub use arguments::BenchArgs;
pub use bare::BareArgs;

use crate::failure::{Failure, Result};
use crate::output::Output;
use runner::{Context, Runner};
use scenarios::{SCENARIOS, Scenario};
use std::io::Write;

/// Runs the scenarios that the arguments name, and shows their figures.
///
/// # Errors
/// When a scenario is not known, a server under test does not start or fails, or the output cannot be written.
pub fn run(arguments: &BenchArgs) -> Result<()> {
    let mut output = Output::stdout();
    if arguments.list {
        return SCENARIOS.iter().try_for_each(|scenario| output.line(&scenario.listed()));
    }
    let chosen = chosen(arguments)?;
    machine::raise_open_files()?;
    let contests = chosen.iter().flat_map(|scenario| (scenario.contests)(arguments)).collect();
    Runner::new(Context::new(arguments)?, output).run(contests)
}

/// Runs the bare server that others are measured against, until it is killed or its stdin ends.
///
/// # Errors
/// When it cannot listen, or its log cannot be opened.
pub fn run_bare_server(arguments: &BareArgs) -> Result<()> {
    bare::run(arguments)
}

/// Finds what was named; everything that can be run here, if nothing was.
fn chosen(arguments: &BenchArgs) -> Result<Vec<&'static Scenario>> {
    let mut chosen = Vec::new();
    for scenario in named(&arguments.scenarios)? {
        match scenario.lacks(arguments) {
            None => chosen.push(scenario),
            Some(lack) if arguments.scenarios.is_empty() => left_out(scenario, lack),
            Some(lack) => return Err(Failure::usage(format!("{}: {lack}", scenario.name))),
        }
    }
    Ok(chosen)
}

fn left_out(scenario: &Scenario, lack: &str) {
    // Whoever closed stderr does not want to know.
    let _ = writeln!(std::io::stderr(), "{} is left out: {lack}", scenario.name);
}

fn named(names: &[String]) -> Result<Vec<&'static Scenario>> {
    if names.is_empty() {
        return Ok(SCENARIOS.iter().collect());
    }
    names.iter().map(|name| find(name)).collect()
}

fn find(name: &str) -> Result<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name).ok_or_else(|| {
        let known: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        Failure::usage(format!("there is no scenario {name:?}; there are {}", known.join(", ")))
    })
}
