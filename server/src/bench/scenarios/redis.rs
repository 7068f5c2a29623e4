//! Publishing to Redis, within this process.

use super::embedded::{measured, run, session};
use crate::bench::arguments::BenchArgs;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::embedded::runtime;
use crate::bench::figure::Sample;
use crate::bench::redis::{Batches, OneByOne, Redis, Sync};
use crate::bench::runner::Context;
use crate::failure::Result;
use eventweir::Storage;
use std::sync::Arc;

const ONE: &str = "a script of one event (id, counter, XADD) at the same depth over one connection";
const SIXTEEN: &str = "the same script for 16 events, 4 calls under way";
const MANY: &str = "the same script for 64 events, 4 calls under way";
/// Calls of the scripts for many events that are under way.
const CALLS: usize = 4;
const LARGE: u64 = 64;

/// One event a commit, beside scripts of the bare design.
pub(super) fn publish(arguments: &BenchArgs) -> Vec<Contest> {
    let contests = Sync::all(arguments.redis.as_ref()).into_iter().flat_map(|sync| {
        [(1, None), (64, Some(0.9)), (256, None)]
            .map(|(publishers, target)| publishing(arguments.redis.clone(), sync, publishers, target))
    });
    contests.collect()
}

/// 64 events a commit, beside the script of as many.
pub(super) fn batches(arguments: &BenchArgs) -> Vec<Contest> {
    let contests = Sync::all(arguments.redis.as_ref()).into_iter().map(|sync| {
        let name = format!("redis-batch{}.{CALLS}", sync.suffix());
        let url = arguments.redis.clone();
        contest(name, &url, sync, CALLS, LARGE).against(MANY, None, bare_batches(url, sync, LARGE))
    });
    contests.collect()
}

fn publishing(url: Option<String>, sync: Sync, publishers: usize, target: Option<f64>) -> Contest {
    let name = format!("redis-publish{}.{publishers}", sync.suffix());
    let contest = contest(name, &url, sync, publishers, 1);
    let contest = contest.against(ONE, target, bare_one_by_one(url.clone(), sync, publishers));
    if publishers == 1 {
        return contest;
    }
    contest.also_against(".script16", SIXTEEN, bare_batches(url.clone(), sync, 16)).also_against(
        ".script64",
        MANY,
        bare_batches(url, sync, LARGE),
    )
}

fn contest(name: String, url: &Option<String>, sync: Sync, publishers: usize, batch: u64) -> Contest {
    let url = url.clone();
    let ours = move |context: &Context| {
        let redis = Redis::open(context, url.as_ref(), sync)?;
        runtime()?.block_on(ours(&redis, context, (publishers, batch)))
    };
    Contest::new(name, "events/s", ours)
        .with("publishers", publishers)
        .with("batch", batch)
        .with("channels", data::CHANNELS)
        .with("appendonly", sync.shown())
}

async fn ours(redis: &Redis, context: &Context, load: (usize, u64)) -> Result<Sample> {
    let storage = redis.storage().await?;
    let sample = measured(&session(storage.clone()).await?, context, load, redis.process()).await?;
    storage.close().await?;
    redis.tidy().await?;
    Ok(sample)
}

fn bare_one_by_one(
    url: Option<String>,
    sync: Sync,
    publishers: usize,
) -> impl FnMut(&Context) -> Result<Sample> {
    move |context| {
        let redis = Redis::open(context, url.as_ref(), sync)?;
        runtime()?.block_on(async {
            let publisher = Arc::new(OneByOne::new(&redis, data::payload(context.payload)).await?);
            let sample = run(&publisher, context, (publishers, 1), redis.process()).await?;
            redis.tidy().await?;
            Ok(sample)
        })
    }
}

fn bare_batches(url: Option<String>, sync: Sync, batch: u64) -> impl FnMut(&Context) -> Result<Sample> {
    move |context| {
        let redis = Redis::open(context, url.as_ref(), sync)?;
        runtime()?.block_on(async {
            let publisher = Arc::new(Batches::new(&redis, data::payload(context.payload), batch).await?);
            let sample = run(&publisher, context, (CALLS, batch), redis.process()).await?;
            redis.tidy().await?;
            Ok(sample)
        })
    }
}
