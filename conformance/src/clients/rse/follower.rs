//! RSE followed as an event stream.

use super::super::call::Call;
use super::super::encode::Query;
use super::super::sse::{EventStream, LAST_EVENT_ID};
use super::publish::Publisher;
use super::{agent, answer, target, with_token};
use crate::delivery::{Address, Client, From, Place, Published, Told};
use eventweir::{Error, NewEvent, Result, Selector, async_trait};
use http::header::USER_AGENT;

/// Publishes with one connection, and follows with another.
#[derive(Debug)]
pub(super) struct Follower {
    publisher: Publisher,
    stream: EventStream,
}

impl Follower {
    pub(super) fn new(address: Address) -> Self {
        Self { publisher: Publisher::new(address.clone(), false), stream: EventStream::new(address) }
    }

    fn call(&self, selector: &Selector, from: &From) -> Result<Call> {
        let agent = agent::of(selector.excepted(), &self.publisher.own)?;
        let call = Call::get(target(Query::default(), selector)?).with(USER_AGENT, &agent)?;
        let call = with_token(call, self.publisher.token.as_deref())?;
        match from {
            From::Earliest => Ok(call),
            From::At(place) => call.with(LAST_EVENT_ID, &place.0),
            From::Latest => Err(Error::invalid("RSE does not begin with what comes")),
        }
    }
}

#[async_trait]
impl Client for Follower {
    async fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>> {
        self.publisher.publish(events).await
    }

    async fn follow(&mut self, selector: &Selector, from: &From) -> Result<()> {
        self.stream.open(self.call(selector, from)?, from, answer::refused_with_effect).await
    }

    async fn next(&mut self) -> Result<Vec<Told>> {
        self.stream.next().await
    }

    fn place(&self) -> Option<Place> {
        self.stream.place()
    }
}
