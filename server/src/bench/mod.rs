//! `weir bench`: what the broker does, beside what the machine could do without it.
//!
//! Every figure stands beside a bare limit measured in the same run, in turns with it: the plain SQLite design, or axum with
//! nothing behind it. Servers under test are child processes; the load comes from this one.

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
mod pace;
mod plain;
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

/// Runs the scenarios that the arguments name, and shows their figures.
///
/// # Errors
/// When a scenario is not known, a server under test does not start or fails, or the output cannot be written.
pub fn run(arguments: &BenchArgs) -> Result<()> {
    let mut output = Output::stdout();
    if arguments.list {
        return SCENARIOS.iter().try_for_each(|scenario| output.line(&scenario.listed()));
    }
    let chosen = chosen(&arguments.scenarios)?;
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

fn chosen(names: &[String]) -> Result<Vec<&'static Scenario>> {
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
