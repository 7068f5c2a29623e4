//! RSE: polling a channel with the greatest id that is known.

mod agent;
mod answer;

use super::call::{Answer, Call};
use super::connection::Connection;
use super::encode::{self, Query};
use crate::delivery::{Abilities, Address, Client, From, Place, Protocol, Published, Told};
use eventweir::{Error, NewEvent, Result, Scope, Selector, async_trait};
use http::header::USER_AGENT;
use http::{HeaderName, Method};
use std::time::Duration;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const EPOCH: HeaderName = HeaderName::from_static("x-rse-epoch");
const MOUNT: &str = "/rse";

/// RSE with all that this broker added to it: gaps and resets are told, publishing can be repeated, events name their channel.
pub fn rse() -> Protocol {
    protocol("rse", NOW, Manner { first_version: false, wait: Duration::ZERO, limit: 7 })
}

/// The same, with polls that wait for the next event.
pub fn rse_long_poll() -> Protocol {
    protocol("rse long-poll", NOW, Manner { first_version: false, wait: Duration::from_secs(2), limit: 200 })
}

/// RSE as clients of its first server speak it: they know none of the headers that came later, and must miss nothing all the
/// same.
pub fn rse_of_2012() -> Protocol {
    let manner = Manner { first_version: true, wait: Duration::ZERO, limit: 7 };
    protocol("rse of 2012", FIRST, manner).with_witness(rse())
}

/// `events=all` is the channel and what is below it, `events=parent` the channel and what is above it.
const NOW: Abilities = Abilities {
    batches: false,
    ids: true,
    gaps: true,
    resets: true,
    latest: false,
    except: true,
    subtree: true,
    ancestors: true,
    patterns: false,
    several: false,
};
const FIRST: Abilities = Abilities { ids: false, gaps: false, resets: false, ..NOW };

#[derive(Clone, Copy, Debug)]
struct Manner {
    /// Knows what was written down in 2012, and passes over the rest.
    first_version: bool,
    wait: Duration,
    limit: u32,
}

fn protocol(name: &str, abilities: Abilities, manner: Manner) -> Protocol {
    Protocol::new(name, abilities, move |address| async move {
        Ok(Box::new(Poller::new(address, manner)) as Box<dyn Client>)
    })
}

/// Publishes and polls with one connection.
#[derive(Debug)]
struct Poller {
    connection: Connection,
    token: Option<String>,
    manner: Manner,
    /// This client's id, made once.
    own: String,
    selector: Option<Selector>,
    cursor: Option<Cursor>,
}

/// Where a reader is: the greatest id it has seen, or that the server led it to, and the log that it is of, if it looks at that.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cursor {
    id: u64,
    epoch: Option<String>,
}

impl Poller {
    fn new(address: Address, manner: Manner) -> Self {
        let token = address.token().map(str::to_owned);
        let own = uuid::Uuid::new_v4().to_string();
        Self { connection: Connection::new(address), token, manner, own, selector: None, cursor: None }
    }

    async fn publish_one(&mut self, event: &NewEvent) -> Result<Published> {
        let target = format!("{MOUNT}{}", encode::path(event.channel.as_str()));
        let agent = agent::of(event.source.as_ref(), &self.own)?;
        let mut call = self.with_token(Call::new(Method::POST, target).with(USER_AGENT, &agent)?)?;
        if !self.manner.first_version {
            call = call.with(IDEMPOTENCY_KEY, event.id.as_str())?;
        }
        let answer = self.connection.call(&call.with_body(event.data.clone())).await?;
        match (answer.status.as_u16(), self.manner.first_version) {
            (201, true) => Ok(Published { sequence: None, duplicate: None }),
            (201, false) => {
                let id = answer::numbered(&answer, "x-rse-event-id")?;
                let duplicate = Some(answer.header("x-rse-duplicate") == Some("true"));
                Ok(Published { sequence: Some(super::event::sequence(id)?), duplicate })
            }
            (_, true) => Err(answer::refused(&answer)),
            (_, false) => Err(answer::refused_with_effect(&answer)),
        }
    }

    fn poll(&self) -> Result<Option<Call>> {
        let Some(selector) = &self.selector else { return Ok(None) };
        let (channel, events) = selected(selector)?;
        let mut query = Query::default().with("events", events).with("max-events", self.manner.limit);
        if selector.excepted().is_none() {
            query = query.with("echo", true);
        }
        if let Some(cursor) = &self.cursor {
            query = query.with("last-known-id", cursor.id);
        }
        if !self.manner.first_version {
            query = query.with("channels", true).with("wait", self.manner.wait.as_secs());
        }
        let agent = agent::of(selector.excepted(), &self.own)?;
        let target = query.behind(&format!("{MOUNT}{}", encode::path(channel)));
        let mut call =
            self.with_token(Call::get(target).with_wait(self.manner.wait).with(USER_AGENT, &agent)?)?;
        if let Some(epoch) = self.cursor.as_ref().and_then(|cursor| cursor.epoch.as_deref()) {
            call = call.with(EPOCH, epoch)?;
        }
        Ok(Some(call))
    }

    fn with_token(&self, call: Call) -> Result<Call> {
        match &self.token {
            Some(token) => call.with(TOKEN, token),
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
        match events {
            [event] => Ok(vec![self.publish_one(event).await?]),
            _ => Err(Error::invalid("RSE publishes one event at a time")),
        }
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
        let Some(call) = self.poll()? else { return Ok(Vec::new()) };
        let answer = self.connection.call(&call).await?;
        match self.manner.first_version {
            true => self.read_first_version(&answer),
            false => self.read(&answer),
        }
    }

    fn place(&self) -> Option<Place> {
        self.cursor.as_ref().map(Cursor::place)
    }
}

impl Cursor {
    fn place(&self) -> Place {
        match &self.epoch {
            Some(epoch) => Place(format!("{epoch}:{}", self.id)),
            None => Place(self.id.to_string()),
        }
    }

    fn read(place: &Place) -> Result<Self> {
        let (epoch, id) = match place.0.split_once(':') {
            Some((epoch, id)) => (Some(epoch.to_owned()), id),
            None => (None, place.0.as_str()),
        };
        let id = id.parse().map_err(|_| Error::invalid(format!("{place} is no place of RSE")))?;
        Ok(Self { id, epoch })
    }
}

/// Returns the channel of a selection, and the word for what is meant by it.
fn selected(selector: &Selector) -> Result<(&str, &'static str)> {
    match selector.scopes() {
        [Scope::Exact(channel)] => Ok((channel.as_str(), "exact")),
        [Scope::Subtree(channel)] => Ok((channel.as_str(), "all")),
        [Scope::Ancestors(channel)] => Ok((channel.as_str(), "parent")),
        _ => Err(Error::invalid("RSE selects one channel, with what is above or below it")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails by a panic")]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_back() {
        for cursor in
            [Cursor { id: 7, epoch: None }, Cursor { id: 0, epoch: Some("00000000000000ab".into()) }]
        {
            assert_eq!(Cursor::read(&cursor.place()).unwrap(), cursor);
        }
        assert!(Cursor::read(&Place("x".into())).is_err());
    }
}
