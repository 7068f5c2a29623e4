//! A process that writes to a store until it is killed, and what its parent makes of what it said.
//!
//! Before each commit it prints what it is about to do, and after each answer what it was told. What it writes follows from a
//! seed and numbers, so that the parent can make the same commits: to know them in the log, and to repeat them.

mod ledger;
mod line;
mod plan;
mod running;

pub(crate) use ledger::{Ledger, Outcome};
pub(crate) use line::Line;
pub(crate) use plan::{Attempt, Before};
pub(crate) use running::Running;

use crate::Harness;
use crate::storage::crew::together;
use eventweir::{Storage, StreamName};
use std::env;
use std::io::{self, Write};
use std::process::Command;
use std::sync::Arc;

/// Serves the store that the suite, which started this process, names in its environment: writes to it until it is killed. In
/// any other process it returns at once.
///
/// # Panics
/// When the store cannot be opened or written to; the suite then tells what this process said.
#[allow(clippy::panic, reason = "a process that cannot do what it was started for ends, and says why")]
pub fn child<H: Harness>(harness: H) {
    let Some(orders) = Orders::from_environment() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let served = match runtime {
        Ok(runtime) => runtime.block_on(serve(&harness, &orders)),
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = served {
        panic!("the process cannot write to the store at {:?}: {why}", orders.place);
    }
}

/// Makes the command that runs one test of this test program, which calls [`child`], in a process of its own.
///
/// `test` is the test's path as [`module_path!`] spells it, with the crate's name.
pub fn test_as_child(test: &'static str) -> impl Fn(&str) -> Command + Send + Sync + 'static {
    move |place| {
        let program = env::current_exe().ok().or_else(|| env::args_os().next().map(Into::into));
        let within = test.split_once("::").map_or(test, |(_, within)| within);
        let mut command = Command::new(program.unwrap_or_default());
        command.args(["--exact", within, "--nocapture", "--test-threads=1"]).env(PLACE, place);
        command
    }
}

/// What a process is started for.
pub(crate) struct Orders {
    pub(crate) place: String,
    pub(crate) stream: StreamName,
    pub(crate) seed: u64,
    /// Tells the processes on one store apart.
    pub(crate) life: u64,
}

impl Orders {
    fn from_environment() -> Option<Self> {
        let read = |name| env::var(name).ok();
        Some(Self {
            place: read(PLACE)?,
            stream: StreamName::new(&read(STREAM)?).ok()?,
            seed: read(SEED)?.parse().ok()?,
            life: read(LIFE)?.parse().ok()?,
        })
    }

    fn give(&self, command: &mut Command) {
        command.env(PLACE, &self.place).env(STREAM, self.stream.as_str());
        command.env(SEED, self.seed.to_string()).env(LIFE, self.life.to_string());
    }
}

async fn serve<H: Harness>(harness: &H, orders: &Orders) -> Result<(), String> {
    let storage: Arc<dyn Storage> =
        Arc::new(harness.open(&orders.place).await.map_err(|error| error.to_string())?);
    let writers = together(WRITERS as usize, |writer| {
        let (storage, stream) = (storage.clone(), orders.stream.clone());
        write(storage, stream, orders.seed, orders.life, writer as u64)
    });
    writers.await.map(drop).map_err(|failure| failure.to_string())
}

/// Commits, one after the other, until one fails.
async fn write(
    storage: Arc<dyn Storage>,
    stream: StreamName,
    seed: u64,
    life: u64,
    writer: u64,
) -> Result<(), crate::Failure> {
    let mut before = Before::default();
    for number in 0.. {
        let attempt = Attempt { life, writer, number, before };
        say(&Line::Attempt(attempt))?;
        match storage.commit(&stream, &attempt.commit(seed)).await {
            Ok(receipt) => {
                before = attempt.after(seed, receipt.head);
                say(&Line::acknowledged(writer, &receipt))?;
            }
            Err(error) => return say(&Line::Failed(writer, error.effect(), error.to_string())),
        }
    }
    Ok(())
}

/// Prints a line, whole and at once. When nobody reads any more there is nothing left to do.
fn say(line: &Line) -> Result<(), crate::Failure> {
    let mut out = io::stdout().lock();
    let said = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
    said.map_err(|error| crate::Failure::new(format!("nobody listens: {error}")))
}

/// So many commits are under way at the same time.
const WRITERS: u64 = 4;
const PLACE: &str = "EVENTWEIR_CHILD_PLACE";
const STREAM: &str = "EVENTWEIR_CHILD_STREAM";
const SEED: &str = "EVENTWEIR_CHILD_SEED";
const LIFE: &str = "EVENTWEIR_CHILD_LIFE";
