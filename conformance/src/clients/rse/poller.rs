//! Polling through RSE.

use super::super::call::{Answer, Call};
use super::super::encode::Query;
use super::cursor::Cursor;
use super::publish::Publisher;
use super::{EPOCH, agent, answer, selected, target, with_token};
use crate::delivery::{Address, Client, From, Place, Published, Told};
use eventweir::{Error, NewEvent, Result, Selector, async_trait};
use http::header::USER_AGENT;
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Knows what was written down in 2012, and passes over the rest.
    pub(super) first_version: bool,
    pub(super) wait: Duration,
    pub(super) limit: u32,
}

/// Publishes and polls with one connection.
#[derive(Debug)]
pub(super) struct Poller {
    publisher: Publisher,
    manner: Manner,
    selector: Option<Selector>,
    cursor: Option<Cursor>,
}

impl Poller {
    pub(super) fn new(address: Address, manner: Manner) -> Self {
        let publisher = Publisher::new(address, manner.first_version);
        Self { publisher, manner, selector: None, cursor: None }
    }

    fn poll(&self, selector: &Selector) -> Result<Call> {
        let mut query = Query::default().with("max-events", self.manner.limit);
        if let Some(cursor) = &self.cursor {
            query = query.with("last-known-id", cursor.id);
        }
        if !self.manner.first_version {
            query = query.with("channels", true).with("wait", self.manner.wait.as_secs());
        }
        let agent = agent::of(selector.excepted(), &self.publisher.own)?;
        let call =
            Call::get(target(query, selector)?).with_wait(self.manner.wait).with(USER_AGENT, &agent)?;
        let call = with_token(call, self.publisher.token.as_deref())?;
        match self.cursor.as_ref().and_then(|cursor| cursor.epoch.as_deref()) {
            Some(epoch) => call.with(EPOCH, epoch),
            None => Ok(call),
        }
    }

    /// Reads an answer as clients did in 2012: the greatest id is the next cursor.
    fn read_first_version(&mut self, answer: &Answer) -> Result<Vec<Told>> {
        let polled = answer::events(answer)?;
        if let Some(id) = polled.greatest {
            self.cursor = Some(Cursor { id, epoch: None });
        }
        Ok(polled.told)
    }

    fn read(&mut self, answer: &Answer) -> Result<Vec<Told>> {
        let polled = answer::events(answer)?;
        let mut told = answer::warnings(answer)?;
        told.extend(polled.told);
        let id = answer::numbered(answer, "x-rse-cursor")?;
        let epoch = answer.header(EPOCH.as_str()).map(str::to_owned);
        self.cursor = Some(Cursor { id, epoch });
        Ok(told)
    }
}

#[async_trait]
impl Client for Poller {
    async fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>> {
        self.publisher.publish(events).await
    }

    async fn follow(&mut self, selector: &Selector, from: &From) -> Result<()> {
        selected(selector)?;
        self.cursor = match from {
            From::Earliest => None,
            From::At(place) => Some(Cursor::read(place)?),
            From::Latest => return Err(Error::invalid("RSE does not begin with what comes")),
        };
        self.selector = Some(selector.clone());
        Ok(())
    }

    async fn next(&mut self) -> Result<Vec<Told>> {
        let Some(selector) = &self.selector else { return Ok(Vec::new()) };
        let call = self.poll(selector)?;
        let answer = self.publisher.connection.call(&call).await?;
        match self.manner.first_version {
            true => self.read_first_version(&answer),
            false => self.read(&answer),
        }
    }

    fn place(&self) -> Option<Place> {
        self.cursor.as_ref().map(Cursor::place)
    }
}
