//! Reading from Redis, within this process.

use super::kept::Kept;
use super::pages::{PAGE, Pages};
use super::sqlite_log::{BATCH, fill_storage, spread};
use crate::bench::arguments::BenchArgs;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::embedded::{processor_time, runtime};
use crate::bench::redis::{Redis, Sync};
use crate::bench::runner::Context;
use crate::failure::Result;
use bytes::Bytes;
use eventweir::{ChannelName, ReadQuery, Selector, Sequence, Start, Storage};
use std::rc::Rc;
use std::time::Instant;

/// Events of the log that is read as a whole.
const EVENTS: u64 = 50_000;
const SHORT: u64 = 20_000;

fn filled(
    url: Option<&String>,
    fill: impl AsyncFn(&Redis, &Bytes) -> Result<()> + 'static,
) -> Rc<Kept<Redis>> {
    let url = url.cloned();
    let make = move |context: &Context| {
        context.chart.say("preparing a log in Redis");
        let redis = Redis::open(context, url.as_ref(), Sync::Never)?;
        runtime()?.block_on(fill(&redis, &data::payload(context.payload)))?;
        Ok(redis)
    };
    Kept::new(make, async |redis: &Redis| redis.tidy().await)
}

/// Pages of a whole stream, beside `XREAD`.
pub(super) fn pages(arguments: &BenchArgs) -> Vec<Contest> {
    let kept = filled(arguments.redis.as_ref(), async |redis, data| {
        let storage = redis.storage().await?;
        fill_storage(&storage, (EVENTS, BATCH), data, spread).await?;
        storage.close().await?;
        redis.fill_bare(EVENTS, data).await
    });
    // From everywhere, so that no page is read twice in a row.
    let after = |pages: u64| data::scatter(pages) % (EVENTS - PAGE);
    let theirs = kept.clone();
    let ours = move |context: &Context| {
        kept.with(context, |redis| {
            read(redis, context, |pages| query(Selector::all(), after(pages))).map(Pages::rate)
        })
    };
    let bare = move |context: &Context| {
        theirs.with(context, |redis| {
            runtime()?.block_on(async {
                let (before, begin) = (processor_time(redis.process())?, Instant::now());
                let latency = redis.read_bare(context.time, after).await?;
                let processor = processor_time(redis.process())? - before;
                Ok(Pages::of(begin.elapsed(), latency, processor).rate())
            })
        })
    };
    let contest = Contest::new("redis-read", "pages/s", ours).with("log", EVENTS).with("page", PAGE);
    vec![contest.against("XREAD COUNT 100 on a stream of as many entries", 0.6, bare)]
}

/// Pages of a rare channel, beside the same in a short log.
pub(super) fn sparse(arguments: &BenchArgs) -> Vec<Contest> {
    let (long, every) = if arguments.quick { (40_000, 400) } else { (200_000, 2000) };
    let load = |events: u64, every: u64| {
        let kept = filled(arguments.redis.as_ref(), async move |redis, data| {
            let (storage, rare) = (redis.storage().await?, rare()?);
            let channel_of = |number: u64| match number % every {
                0 => Ok(rare.clone()),
                _ => spread(number),
            };
            fill_storage(&storage, (events, BATCH), data, channel_of).await?;
            Ok(storage.close().await?)
        });
        move |context: &Context| {
            kept.with(context, |redis| {
                let (selector, starts) = (Selector::exact(rare()?), events / every - PAGE + 1);
                read(redis, context, |pages| query(selector.clone(), pages % starts * every)).map(Pages::time)
            })
        }
    };
    vec![
        Contest::new("redis-sparse-read", "us/page", load(long, every))
            .less_is_better()
            .with("log", long)
            .with("one_in", every)
            .with("page", PAGE)
            // The short log holds one page of the channel.
            .against("the same in a log of 20,000", 3.0, load(SHORT, SHORT / PAGE)),
    ]
}

fn read(redis: &Redis, context: &Context, query: impl Fn(u64) -> Result<ReadQuery>) -> Result<Pages> {
    runtime()?.block_on(async {
        let storage = redis.storage().await?;
        let pages = Pages::read(&storage, context.time, redis.process(), query).await?;
        storage.close().await?;
        Ok(pages)
    })
}

fn query(selector: Selector, after: u64) -> Result<ReadQuery> {
    let after = Sequence::new(after)?;
    Ok(ReadQuery::new(selector, Start::After(after)).with_limit(PAGE as usize))
}

fn rare() -> Result<ChannelName> {
    Ok(ChannelName::new("/bench/rare")?)
}
