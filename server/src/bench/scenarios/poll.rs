//! Polls that find nothing new.

use super::sqlite_log;
use crate::bench::arguments::BenchArgs;
use crate::bench::bare;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::embedded::runtime;
use crate::bench::figure::Sample;
use crate::bench::load::{Requests, get};
use crate::bench::runner::Context;
use crate::bench::server::Server;
use crate::failure::{Failure, Result};
use eventweir::Sequence;
use std::cell::OnceCell;
use std::ffi::OsStr;
use std::rc::Rc;
use tempfile::TempDir;

const CONNECTIONS: usize = 64;
/// Channels that are polled, of all that there are.
const POLLED: u64 = 1000;

/// A store with an event on each of its channels.
struct Store {
    folder: TempDir,
    head: Sequence,
}

/// Made by the first load that needs it, and used by all.
type Shared = Rc<OnceCell<Store>>;

pub(super) fn contests(arguments: &BenchArgs) -> Vec<Contest> {
    let channels = if arguments.quick { 10_000 } else { 100_000 };
    let shared = Shared::default();
    let contest = |name: &str, path: fn(u64, Sequence) -> String| {
        let shared = shared.clone();
        let ours = move |context: &Context| {
            let store = store(&shared, channels, context)?;
            let url = sqlite_log::url(&store.folder.path().join("events.db"), true);
            let server = Server::weir(context, &url, store.folder.path())?;
            let polls = (0..POLLED).map(|number| get(server.address(), &path(number, store.head)));
            polled(&server, polls.collect(), context)
        };
        Contest::new(name, "requests/s", ours)
            .with("channels", channels)
            .with("polled_channels", POLLED)
            .with("connections", CONNECTIONS)
            .with("storage", "sqlite")
            .against("axum answering 204", 0.7, |context| {
                let folder = context.folder()?;
                let server = Server::bare(context, [] as [&OsStr; 0], folder.path())?;
                polled(&server, vec![get(server.address(), bare::EMPTY)], context)
            })
    };
    vec![
        contest("http-poll.rse", |number, head| format!("/rse/bench/{number}?last-known-id={head}")),
        contest("http-poll.native", |number, head| format!("/v1/events/bench/{number}?after={head}")),
    ]
}

fn store<'a>(shared: &'a Shared, channels: u64, context: &Context) -> Result<&'a Store> {
    if shared.get().is_none() {
        context.chart.say(format!("preparing a store of {channels} channels"));
        let folder = context.folder()?;
        let data = data::payload(context.payload);
        let file = folder.path().join("events.db");
        let head = runtime()?.block_on(sqlite_log::fill(&file, channels, &data, data::channel))?;
        // Nobody else is here to have set it.
        let _ = shared.set(Store { folder, head });
    }
    shared.get().ok_or_else(|| Failure::failed("the store was not prepared"))
}

fn polled(server: &Server, polls: Vec<Vec<u8>>, context: &Context) -> Result<Sample> {
    let mut requests = Requests::open(server.address(), CONNECTIONS, polls)?;
    super::publish::measured(server, &mut requests, context)
}
