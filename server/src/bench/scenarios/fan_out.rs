//! One publisher to many event streams.

use crate::bench::arguments::BenchArgs;
use crate::bench::bare;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::figure::Sample;
use crate::bench::load::{FanOut, Subscriber, Until, post, subscribe};
use crate::bench::pace::Pace;
use crate::bench::runner::Context;
use crate::bench::server::Server;
use crate::failure::Result;
use std::cell::Cell;
use std::ffi::OsString;
use std::rc::Rc;

/// Connections that the one publisher uses.
const PUBLISHERS: usize = 16;
/// Events between the publisher and the slowest subscriber.
const WINDOW: u64 = 256;
const CHANNEL: &str = "/v1/events/bench/fan-out";

/// Bytes of the broker's frames, known after its first load: the bare server's have as many.
type FrameBytes = Rc<Cell<usize>>;

pub(super) fn contests(arguments: &BenchArgs) -> Vec<Contest> {
    let sizes: &[usize] = if arguments.quick { &[10, 100] } else { &[100, 1000] };
    sizes.iter().copied().map(contest).collect()
}

fn contest(subscribers: usize) -> Contest {
    let frame_bytes = FrameBytes::default();
    let found = frame_bytes.clone();
    let ours = move |context: &Context| {
        let folder = context.folder()?;
        let server = Server::weir(context, "memory:", folder.path())?;
        measured(&server, subscribers, (CHANNEL, CHANNEL), &found, context)
    };
    let bare = |path: &'static str| {
        let frame_bytes = frame_bytes.clone();
        move |context: &Context| {
            let folder = context.folder()?;
            let length = OsString::from(frame_bytes.get().to_string());
            let server =
                Server::bare(context, ["--frame-bytes".as_ref(), length.as_os_str()], folder.path())?;
            measured(&server, subscribers, (path, bare::PUBLISH), &Cell::new(0), context)
        }
    };
    Contest::new(format!("sse-fanout.{subscribers}"), "deliveries/s", ours)
        .with("subscribers", subscribers)
        .with("publisher_connections", PUBLISHERS)
        .with("window", WINDOW)
        .with("storage", "memory")
        .against("axum streaming frames of the same length one by one", 0.7, bare(bare::ONE_BY_ONE))
        .also_against(
            ".gathered",
            "axum streaming the same frames gathered into shared chunks",
            bare(bare::GATHERED),
        )
}

fn measured(
    server: &Server,
    subscribers: usize,
    (follow, publish): (&str, &str),
    frame_bytes: &Cell<usize>,
    context: &Context,
) -> Result<Sample> {
    let request = subscribe(server.address(), follow);
    let opened = (0..subscribers).map(|_| Subscriber::open(server.address(), &request));
    let body = data::payload(context.payload);
    let publish = post(server.address(), publish, "application/json", &body);
    let opened = opened.collect::<Result<_>>()?;
    let mut fan_out = FanOut::open(server.address(), opened, PUBLISHERS, publish, (1, WINDOW))?;
    fan_out.run(Pace::Closed, Until::Time(context.warm_up()))?;
    let before = server.processor_time()?;
    let delivered = fan_out.run(context.pace, Until::Time(context.time))?;
    let processor = server.processor_time()? - before;
    frame_bytes.set(delivered.frame_bytes.round() as usize);
    Ok(Sample {
        value: delivered.deliveries as f64 / delivered.spent.as_secs_f64(),
        latency: Some(delivered.to_last),
        processor: Some(processor.as_secs_f64() * 1e6 / delivered.deliveries as f64),
    })
}
