//! The command line.

mod arguments;
mod configuration;
mod tokens;

use crate::failure::{Exit, Failure, Result};
use crate::{bench, client, conformance};
use crate::{config, log, serve};
use arguments::{Cli, Command, ConfigArguments};
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Runs the program: reads the command line, carries the command out, and tells a failure in one line on stderr.
///
/// Exit codes: 0 done, 1 failed or refused, 2 a command line or configuration that cannot be used, 130 ended at once by a
/// second signal, or interrupted.
pub fn main() -> ExitCode {
    let outcome = run(Cli::parse());
    let exit = outcome.as_ref().map_or_else(Failure::exit, |()| Exit::Done);
    if let Err(failure) = outcome
        && !failure.message().is_empty()
    {
        // A closed stderr leaves nobody to tell.
        let _ = writeln!(std::io::stderr(), "weir: {failure}");
    }
    ExitCode::from(exit as u8)
}

fn run(cli: Cli) -> Result<()> {
    match cli.command {
        None => run_broker(&cli.config),
        Some(Command::Serve(arguments)) => run_broker(&arguments),
        Some(Command::Conformance(arguments)) => conformance::run(&arguments),
        Some(Command::Bench(arguments)) => bench::run(&arguments),
        Some(Command::BenchBare(arguments)) => bench::run_bare_server(&arguments),
        Some(Command::Config(arguments)) => configuration::show(&arguments),
        Some(Command::Token(arguments)) => tokens::make(&arguments),
        Some(Command::Publish(arguments)) => run_client(client::publish::run(arguments)),
        Some(Command::Tail(arguments)) => run_client(client::tail::run(arguments)),
        Some(Command::Read(arguments)) => run_client(client::read::run(arguments)),
        Some(Command::Channels(arguments)) => run_client(client::channels::run(arguments)),
        Some(Command::Consumers(arguments)) => run_client(client::consumers::run(arguments)),
    }
}

fn run_broker(arguments: &ConfigArguments) -> Result<()> {
    let loaded = config::load(&arguments.sources())?;
    log::begin(&loaded.config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(no_runtime)?;
    runtime.block_on(serve::serve(loaded.config))
}

/// A client waits for one broker; one thread is enough for that.
fn run_client(command: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_runtime)?;
    let outcome = runtime.block_on(command);
    // A read of stdin cannot be interrupted; nobody waits for it here.
    runtime.shutdown_background();
    outcome
}

fn no_runtime(error: std::io::Error) -> Failure {
    Failure::failed(format!("the runtime cannot start: {error}"))
}
