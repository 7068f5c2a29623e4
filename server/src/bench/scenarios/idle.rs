//! Event streams that wait.

use super::sqlite_log;
use crate::bench::arguments::BenchArgs;
use crate::bench::bare;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::embedded::runtime;
use crate::bench::figure::Sample;
use crate::bench::load::{Subscriber, subscribe};
use crate::bench::runner::Context;
use crate::bench::server::Server;
use crate::failure::Result;
use std::ffi::OsStr;
use std::time::Duration;

/// Streams that are there before memory is looked at first.
const FIRST: usize = 100;
const STREAM: &str = "/v1/events/bench/1";
/// How long memory has to come to rest, and how often it is looked at meanwhile.
const REST: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(100);

pub(super) fn contests(arguments: &BenchArgs) -> Vec<Contest> {
    let (streams, long) = if arguments.quick { (500, 20_000) } else { (2000, 200_000) };
    let contest = |name: &str, log: u64| {
        Contest::new(name, "bytes/stream", move |context| with_log(log, streams, context))
            .less_is_better()
            .with("streams", streams)
            .with("log", log)
            .with("storage", "sqlite")
    };
    vec![
        contest("sse-idle", 0).against("an axum event stream", 1.25, move |context| {
            let folder = context.folder()?;
            let server = Server::bare(context, [] as [&OsStr; 0], folder.path())?;
            measured(&server, bare::ONE_BY_ONE, streams)
        }),
        contest("sse-idle.long-log", long)
            .against("the same on an empty log", 1.1, move |context| with_log(0, streams, context)),
    ]
}

fn with_log(log: u64, streams: usize, context: &Context) -> Result<Sample> {
    let folder = context.folder()?;
    let file = folder.path().join("events.db");
    let data = data::payload(context.payload);
    runtime()?.block_on(sqlite_log::fill(&file, log, &data, sqlite_log::spread))?;
    measured(&Server::weir(context, &sqlite_log::url(&file, true), folder.path())?, STREAM, streams)
}

/// Returns what one more stream costs the server.
fn measured(server: &Server, path: &str, streams: usize) -> Result<Sample> {
    let request = subscribe(server.address(), path);
    let open = |count: usize| {
        (0..count).map(|_| Subscriber::open(server.address(), &request)).collect::<Result<Vec<_>>>()
    };
    let first = open(FIRST)?;
    let before = at_rest(server)?;
    let more = open(streams)?;
    let after = at_rest(server)?;
    drop((first, more));
    Ok(Sample::of((after - before) / streams as f64))
}

/// Returns the server's memory once two looks at it agree.
fn at_rest(server: &Server) -> Result<f64> {
    let mut last = server.memory()?;
    let looks = REST.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        std::thread::sleep(LOOK);
        let now = server.memory()?;
        if now == last {
            break;
        }
        last = now;
    }
    Ok(last as f64)
}
