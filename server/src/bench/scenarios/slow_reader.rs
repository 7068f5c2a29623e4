//! A subscriber that never reads, beside one that follows.

use super::sqlite_log;
use crate::bench::arguments::BenchArgs;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::figure::Sample;
use crate::bench::load::{FanOut, Subscriber, Until, post, subscribe};
use crate::bench::pace::Pace;
use crate::bench::runner::Context;
use crate::bench::server::Server;
use std::cell::Cell;
use std::rc::Rc;

const CHANNEL: &str = "/v1/events/bench/1";
const PUBLISHERS: usize = 4;
/// Events of each request.
const BATCH: u64 = 100;
const WINDOW: u64 = 2000;

pub(super) fn contests(arguments: &BenchArgs) -> Vec<Contest> {
    let events: u64 = if arguments.quick { 400_000 } else { 1_000_000 };
    // Enough to fill the tail, whose bound is not what this is about.
    let first: u64 = 200_000;
    let at_first = Rc::new(Cell::new(f64::NAN));
    let before = at_first.clone();
    let ours = move |context: &Context| {
        let folder = context.folder()?;
        let url = sqlite_log::url(&folder.path().join("events.db"), false);
        let server = Server::weir(context, &url, folder.path())?;
        let request = subscribe(server.address(), CHANNEL);
        let silent = Subscriber::open(server.address(), &request)?;
        let following = vec![Subscriber::open(server.address(), &request)?];
        let body = lines(BATCH, context.payload);
        let publish = post(server.address(), CHANNEL, "application/x-ndjson", &body);
        let mut load = FanOut::open(server.address(), following, PUBLISHERS, publish, (BATCH, WINDOW))?;
        load.run(Pace::Closed, Until::Events(first))?;
        before.set(server.memory()? as f64 / 1e6);
        load.run(Pace::Closed, Until::Events(events - first))?;
        let after = server.memory()? as f64 / 1e6;
        drop(silent);
        Ok(Sample::of(after))
    };
    vec![
        Contest::new("slow-reader", "MB", ours)
            .less_is_better()
            .once()
            .with("events", events)
            .with("storage", "sqlite")
            .with("synchronous", "normal")
            .against("the same server after the first 200,000 events", 1.1, move |_| {
                Ok(Sample::of(at_first.get()))
            }),
    ]
}

/// Makes lines of JSON, each an event.
fn lines(count: u64, payload: usize) -> Vec<u8> {
    let data = data::payload(payload);
    let line = [b"{\"data\":", &data[..], b"}\n"].concat();
    (0..count).flat_map(|_| line.iter().copied()).collect()
}
