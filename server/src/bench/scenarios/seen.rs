//! From publishing on one broker until a subscriber of another has it.

use super::embedded::session;
use crate::bench::arguments::BenchArgs;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::embedded::runtime;
use crate::bench::figure::Sample;
use crate::bench::latency::Latency;
use crate::bench::redis::{Redis, Relay, Sync};
use crate::bench::runner::Context;
use crate::failure::{Failure, Result};
use eventweir::{ChannelName, Delivery, NewEvent, Selector, Start, Storage};
use std::time::{Duration, Instant};

/// What is published is waited for this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Two brokers on one Redis, beside a script that publishes and a listener that reads.
pub(super) fn redis(arguments: &BenchArgs) -> Vec<Contest> {
    let (url, same) = (arguments.redis.clone(), arguments.redis.clone());
    let ours = move |context: &Context| {
        let redis = Redis::open(context, url.as_ref(), Sync::Never)?;
        runtime()?.block_on(async {
            let sample = across(redis.storage().await?, redis.storage().await?, context).await?;
            redis.tidy().await?;
            Ok(sample)
        })
    };
    let bare = move |context: &Context| {
        let redis = Redis::open(context, same.as_ref(), Sync::Never)?;
        runtime()?.block_on(async {
            let mut relay = Relay::new(&redis, data::payload(context.payload)).await?;
            let (mut latency, begin) = (Latency::new()?, Instant::now());
            while begin.elapsed() < context.time {
                latency.record(in_time(relay.once()).await?);
            }
            redis.tidy().await?;
            median(latency)
        })
    };
    vec![contest("redis-seen", ours).against(
        "a script with XADD and PUBLISH; who is told reads by XREAD",
        None,
        bare,
    )]
}

fn contest(name: &str, ours: impl FnMut(&Context) -> Result<Sample> + 'static) -> Contest {
    Contest::new(name, "us", ours).less_is_better().with("brokers", 2)
}

/// Publishes on one broker, again and again, each time when the other's subscriber has the last.
async fn across(here: impl Storage, there: impl Storage, context: &Context) -> Result<Sample> {
    let (publisher, subscriber) = (session(here).await?, session(there).await?);
    let channel = ChannelName::new("/bench/1")?;
    let mut subscription = subscriber.subscribe(Selector::exact(channel.clone()), Start::Earliest).await?;
    let data = data::payload(context.payload);
    let (mut latency, begin) = (Latency::new()?, Instant::now());
    while begin.elapsed() < context.time {
        let event = NewEvent::new(channel.clone(), data.clone());
        let asked = Instant::now();
        let published = async { Ok(publisher.publish(event).await?) };
        let seen = async {
            match subscription.next().await.transpose()? {
                Some(Delivery::Events(batch)) if batch.events().len() == 1 => Ok(asked.elapsed()),
                _ => Err(Failure::failed("what was published did not come alone")),
            }
        };
        let (_, spent) = in_time(async { tokio::try_join!(published, seen) }).await?;
        latency.record(spent);
    }
    drop(subscription);
    publisher.broker().close().await?;
    subscriber.broker().close().await?;
    median(latency)
}

async fn in_time<T>(load: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Failure::failed("what was published is not seen within ten seconds");
    tokio::time::timeout(PATIENCE, load).await.map_err(late)?
}

fn median(latency: Latency) -> Result<Sample> {
    let shown = latency.percentiles().ok_or_else(|| Failure::failed("nothing was seen"))?;
    Ok(Sample { value: shown.p50, latency: Some(latency), processor: None })
}
