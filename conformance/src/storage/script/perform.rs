//! Performs a script on a driver and on the model, and compares after every step.

use super::resolve;
use super::step::{CHANNELS, CommitStep, NAMES, ReadStep, Step, TrimStep};
use crate::failure::ensure_law;
use crate::property::remembers_ids;
use crate::storage::lab::{Bench, Lab};
use crate::storage::model::Model;
use crate::storage::stream::{StreamClient, resume};
use crate::storage::verify::{check_bounds, check_page, check_receipt};
use crate::words::{channel, cursor, key};
use crate::{Failure, Law};
use eventweir::{Epoch, ReadQuery, Selector, Start, Timestamp};

/// Performs a script in a fresh store. Afterwards, everything is looked at once more.
pub(crate) async fn perform(lab: &Lab, script: &[Step]) -> Result<(), Failure> {
    let bench = lab.open().await?;
    let epoch = bench.client.bounds().await?.epoch;
    let model = Model::new(remembers_ids(bench.promises().dedup));
    let mut stage = Stage { bench, model, epoch, now: Timestamp::now() };
    for (number, step) in script.iter().enumerate() {
        stage = stage.step(step).await.map_err(|failure| failure.at(format!("step {}", number + 1)))?;
    }
    stage.finish().await.map_err(|failure| failure.at("after the last step"))
}

struct Stage {
    bench: Bench,
    model: Model,
    epoch: Epoch,
    /// Events are published and trimmed at one moment, so that the same script always does the same.
    now: Timestamp,
}

impl Stage {
    async fn step(mut self, step: &Step) -> Result<Self, Failure> {
        match step {
            Step::Commit(step) => self.commit(step).await?,
            Step::Read(step) => self.read(step).await?,
            Step::Trim(step) => self.trim(*step).await?,
            Step::DeleteChannel(number) => self.delete(CHANNELS[*number]).await?,
            Step::Inspect => self.inspect().await?,
            Step::Reopen => self.bench = self.bench.reopen().await?,
        }
        Ok(self)
    }

    fn client(&self) -> &StreamClient {
        &self.bench.client
    }

    async fn commit(&mut self, step: &CommitStep) -> Result<(), Failure> {
        let commit = resolve::commit(&self.model, self.now, step);
        let expected = self.model.commit(&commit);
        let actual = self.client().try_commit(&commit).await;
        check_receipt(self.epoch, &expected, &actual)
    }

    async fn read(&self, step: &ReadStep) -> Result<(), Failure> {
        self.walk(resolve::query(&self.model, self.epoch, step)).await
    }

    /// Reads to the end and checks each page: together they are then right, too.
    async fn walk(&self, mut query: ReadQuery) -> Result<(), Failure> {
        loop {
            let page = self.client().read(&query).await?;
            // A checked page makes progress, so this ends.
            check_page(&self.model, self.epoch, &query, &page)?;
            if !page.more {
                return Ok(());
            }
            resume(&mut query, &page);
        }
    }

    async fn trim(&mut self, step: TrimStep) -> Result<(), Failure> {
        let retention = resolve::retention(step);
        let expected = self.model.trim(&retention, self.now);
        let trimmed = self.client().trim(&retention, self.now).await?;
        ensure_law!(
            Law::NoMiss,
            trimmed.events == expected,
            "the trim should remove {expected} events, and removed {}",
            trimmed.events
        );
        check_bounds(&self.model, self.epoch, &trimmed.bounds)
    }

    async fn delete(&mut self, name: &str) -> Result<(), Failure> {
        let client = &self.bench.client;
        let Some(catalog) = client.storage.catalog() else { return Ok(()) };
        let expected = self.model.delete_channel(&channel(name));
        let removed = catalog.delete_channel(&client.stream, &channel(name)).await?;
        ensure_law!(
            Law::NoMiss,
            removed == expected,
            "deleting {name} should remove {expected} events, and removed {removed}"
        );
        Ok(())
    }

    async fn finish(self) -> Result<(), Failure> {
        self.inspect().await?;
        self.walk(ReadQuery::new(Selector::all(), Start::Earliest)).await?;
        self.walk(ReadQuery::new(Selector::all(), Start::After(eventweir::Sequence::ZERO))).await
    }

    async fn inspect(&self) -> Result<(), Failure> {
        check_bounds(&self.model, self.epoch, &self.client().bounds().await?)?;
        self.inspect_cursors().await?;
        self.inspect_records().await?;
        super::catalog::check_catalog(&self.model, self.client()).await
    }

    async fn inspect_cursors(&self) -> Result<(), Failure> {
        let client = self.client();
        for name in (0..NAMES).map(|number| cursor(&format!("c{number}"))) {
            let actual = client.storage.cursor(&client.stream, &name).await?;
            let expected = self.model.cursor(&name);
            ensure_law!(
                Law::Cursor,
                actual.as_ref() == expected,
                "the cursor should be {expected:?}, and is {actual:?}"
            );
        }
        Ok(())
    }

    async fn inspect_records(&self) -> Result<(), Failure> {
        let client = self.client();
        for key in (0..NAMES).map(|number| key(&format!("r{number}"))) {
            let actual = client.storage.record(&client.stream, &key).await?;
            let expected = self.model.record(&key);
            ensure_law!(
                Law::Cursor,
                actual.as_ref() == expected,
                "the record {key} should be {expected:?}, and is {actual:?}"
            );
        }
        Ok(())
    }
}
