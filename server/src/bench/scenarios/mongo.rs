//! Publishing to MongoDB and reading from it, within this process.

use super::embedded::{measured, run, session};
use super::kept::Kept;
use super::pages::{PAGE, Pages};
use super::sqlite_log::{fill_storage, spread};
use crate::bench::arguments::BenchArgs;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::embedded::{processor_time, runtime};
use crate::bench::mongo::{self, Mongo, OneByOne};
use crate::bench::runner::Context;
use eventweir::{ReadQuery, Selector, Sequence, Start, Storage};
use std::sync::Arc;
use std::time::Instant;

const ONE_BY_ONE: &str = "insert_one by one publisher, w: majority, j: true, same server";
/// Events of the log that is read.
const EVENTS: u64 = 10_000;
/// Events of each of its documents: as many as publishers at work make of one.
const GROUP: u64 = 64;

/// One event a commit, beside inserting one by one.
pub(super) fn publish(arguments: &BenchArgs) -> Vec<Contest> {
    let contest = |(publishers, target): (usize, Option<f64>)| {
        let (url, same) = (arguments.mongo.clone(), arguments.mongo.clone());
        let ours = move |context: &Context| {
            let mongo = Mongo::open(context, url.as_ref())?;
            runtime()?.block_on(async {
                let storage = mongo.storage().await?;
                let session = session(storage.clone()).await?;
                let sample = measured(&session, context, (publishers, 1), mongo.process()).await?;
                storage.close().await?;
                mongo.tidy().await?;
                Ok(sample)
            })
        };
        let bare = move |context: &Context| {
            let mongo = Mongo::open(context, same.as_ref())?;
            runtime()?.block_on(async {
                let publisher = Arc::new(OneByOne::new(&mongo, data::payload(context.payload)).await?);
                let sample = run(&publisher, context, (1, 1), mongo.process()).await?;
                publisher.close().await;
                mongo.tidy().await?;
                Ok(sample)
            })
        };
        Contest::new(format!("mongo-publish.{publishers}"), "events/s", ours)
            .with("publishers", publishers)
            .with("channels", data::CHANNELS)
            .with("mongo", mongo::shown(arguments.mongo.as_ref()))
            .against(ONE_BY_ONE, target, bare)
    };
    [(1, None), (64, Some(20.0)), (256, None)].map(contest).into()
}

/// Pages of a whole stream, beside finding as many documents by their keys.
pub(super) fn pages(arguments: &BenchArgs) -> Vec<Contest> {
    let url = arguments.mongo.clone();
    let open = move |context: &Context| {
        context.chart.say("preparing a log in MongoDB");
        let (mongo, data) = (Mongo::open(context, url.as_ref())?, data::payload(context.payload));
        runtime()?.block_on(async {
            let storage = mongo.storage().await?;
            fill_storage(&storage, (EVENTS, GROUP), &data, spread).await?;
            storage.close().await?;
            mongo.fill_bare(EVENTS, &data).await
        })?;
        Ok(mongo)
    };
    let kept = Kept::new(open, async |mongo: &Mongo| mongo.tidy().await);
    let theirs = kept.clone();
    // From everywhere, so that no page is read twice in a row.
    let after = |pages: u64| data::scatter(pages) % (EVENTS - PAGE);
    let ours = move |context: &Context| {
        kept.with(context, |mongo| {
            runtime()?.block_on(async {
                let storage = mongo.storage().await?;
                let query = |pages| {
                    let start = Start::After(Sequence::new(after(pages))?);
                    Ok(ReadQuery::new(Selector::all(), start).with_limit(PAGE as usize))
                };
                let pages = Pages::read(&storage, context.time, mongo.process(), query).await?;
                storage.close().await?;
                Ok(pages.rate())
            })
        })
    };
    let bare = move |context: &Context| {
        theirs.with(context, |mongo| {
            runtime()?.block_on(async {
                let (before, begin) = (processor_time(mongo.process())?, Instant::now());
                let latency = mongo.read_bare(context.time, after).await?;
                let processor = processor_time(mongo.process())? - before;
                Ok(Pages::of(begin.elapsed(), latency, processor).rate())
            })
        })
    };
    vec![
        Contest::new("mongo-read", "pages/s", ours)
            .with("log", EVENTS)
            .with("page", PAGE)
            .with("group", GROUP)
            .with("mongo", mongo::shown(arguments.mongo.as_ref()))
            .against("find of 100 documents, one for each event, by a range of _id", None, bare),
    ]
}
