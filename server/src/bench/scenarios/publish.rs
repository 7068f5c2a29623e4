//! Publishing over HTTP.

use super::sqlite_log;
use crate::bench::arguments::BenchArgs;
use crate::bench::bare;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::figure::Sample;
use crate::bench::load::{Requests, post};
use crate::bench::pace::Pace;
use crate::bench::runner::Context;
use crate::bench::server::Server;
use crate::failure::Result;
use std::ffi::OsStr;

const CONNECTIONS: usize = 64;

/// To the memory driver, beside axum that reads the body.
pub(super) fn memory(_: &BenchArgs) -> Vec<Contest> {
    let ours = |context: &Context| {
        let folder = context.folder()?;
        ours(&Server::weir(context, "memory:", folder.path())?, context)
    };
    let bare = |context: &Context| {
        let folder = context.folder()?;
        let server = Server::bare(context, [] as [&OsStr; 0], folder.path())?;
        theirs(&server, bare::SINK, context)
    };
    let contest = contest("http-publish-memory", ours).with("storage", "memory");
    vec![contest.against("axum answering 201 to a POST whose body it reads", 0.6, bare)]
}

/// To the SQLite driver, synced, beside axum over the plain design.
pub(super) fn sqlite(_: &BenchArgs) -> Vec<Contest> {
    let ours = |context: &Context| {
        let folder = context.folder()?;
        let url = sqlite_log::url(&folder.path().join("events.db"), true);
        ours(&Server::weir(context, &url, folder.path())?, context)
    };
    let bare = |context: &Context| {
        let folder = context.folder()?;
        let server = Server::bare(context, [OsStr::new("--sqlite"), OsStr::new("plain.db")], folder.path())?;
        theirs(&server, bare::DURABLE, context)
    };
    let contest = contest("http-publish-sqlite", ours).with("storage", "sqlite").with("synchronous", "full");
    vec![contest.against("axum over the plain design in SQLite", 0.8, bare)]
}

fn contest(name: &str, ours: impl FnMut(&Context) -> Result<Sample> + 'static) -> Contest {
    Contest::new(name, "events/s", ours).with("connections", CONNECTIONS).with("channels", data::CHANNELS)
}

fn ours(server: &Server, context: &Context) -> Result<Sample> {
    let body = data::payload(context.payload);
    let publish = |channel| {
        let path = format!("/v1/events/bench/{channel}");
        post(server.address(), &path, "application/json", &body)
    };
    // Scattered as the plain design's rows are.
    let requests = (0..data::CHANNELS).map(data::channel_of).map(publish).collect();
    measured(server, &mut Requests::open(server.address(), CONNECTIONS, requests)?, context)
}

fn theirs(server: &Server, path: &str, context: &Context) -> Result<Sample> {
    let body = data::payload(context.payload);
    let request = post(server.address(), path, "application/json", &body);
    measured(server, &mut Requests::open(server.address(), CONNECTIONS, vec![request])?, context)
}

/// Warms up, then measures.
pub(super) fn measured(server: &Server, requests: &mut Requests, context: &Context) -> Result<Sample> {
    requests.run(Pace::Closed, context.warm_up())?;
    let before = server.processor_time()?;
    let answered = requests.run(context.pace, context.time)?;
    let processor = (server.processor_time()? - before).as_secs_f64() * 1e6 / answered.count as f64;
    Ok(Sample {
        value: answered.count as f64 / answered.spent.as_secs_f64(),
        latency: Some(answered.latency),
        processor: Some(processor),
    })
}
