//! Reading a rare channel.

use super::pages::{PAGE, Pages};
use super::sqlite_log;
use crate::bench::arguments::BenchArgs;
use crate::bench::contest::Contest;
use crate::bench::data;
use crate::bench::embedded::runtime;
use crate::bench::figure::Sample;
use crate::bench::runner::Context;
use crate::failure::{Failure, Result};
use eventweir::{ChannelName, ReadQuery, Selector, Sequence, Start, Storage};
use eventweir_sqlite::SqliteStorage;
use std::cell::RefCell;
use tempfile::TempDir;

const SHORT: u64 = 20_000;

/// A log of which one event in `every` is on the rare channel.
struct Log {
    folder: TempDir,
    events: u64,
    every: u64,
}

pub(super) fn contests(arguments: &BenchArgs) -> Vec<Contest> {
    let (long, every) = if arguments.quick { (200_000, 1000) } else { (2_000_000, 10_000) };
    let load = |events: u64, every: u64| {
        let log = RefCell::new(None);
        move |context: &Context| {
            let mut log = log.borrow_mut();
            if log.is_none() {
                *log = Some(Log::make(events, every, context)?);
            }
            log.as_ref().map_or_else(|| Err(Failure::failed("no log was made")), |log| log.measured(context))
        }
    };
    vec![
        Contest::new("sparse-read", "us/page", load(long, every))
            .less_is_better()
            .with("log", long)
            .with("one_in", every)
            .with("page", PAGE)
            .with("storage", "sqlite")
            // The short log holds one page of the channel.
            .against("the same in a log of 20,000", 3.0, load(SHORT, SHORT / PAGE)),
    ]
}

impl Log {
    fn make(events: u64, every: u64, context: &Context) -> Result<Self> {
        context.chart.say(format!("preparing a log of {events} events"));
        let folder = context.folder()?;
        let (data, rare) = (data::payload(context.payload), rare()?);
        let channel_of = |number: u64| match number % every {
            0 => Ok(rare.clone()),
            _ => sqlite_log::spread(number),
        };
        runtime()?.block_on(sqlite_log::fill(&folder.path().join("events.db"), events, &data, channel_of))?;
        Ok(Self { folder, events, every })
    }

    fn measured(&self, context: &Context) -> Result<Sample> {
        runtime()?.block_on(async {
            // Opened anew, so that nothing is in the driver's own memory that a restart would not leave there.
            let storage = sqlite_log::open(&self.folder.path().join("events.db"), true).await?;
            let sample = self.read(&storage, context).await?;
            storage.close().await?;
            Ok(sample)
        })
    }

    /// Reads pages from everywhere where a whole page follows.
    async fn read(&self, storage: &SqliteStorage, context: &Context) -> Result<Sample> {
        let (selector, starts) = (Selector::exact(rare()?), self.events / self.every - PAGE + 1);
        let query = |pages| {
            let after = Sequence::new(pages % starts * self.every)?;
            Ok(ReadQuery::new(selector.clone(), Start::After(after)).with_limit(PAGE as usize))
        };
        Ok(Pages::read(storage, context.time, None, query).await?.time())
    }
}

fn rare() -> Result<ChannelName> {
    Ok(ChannelName::new("/bench/rare")?)
}
