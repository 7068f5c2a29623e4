//! Server-sent events: reading as `EventSource` does, and publishing through the native API.

mod blocks;
mod stream;

use super::call::Call;
use super::connection::Connection;
use super::encode::Query;
use super::{failure, native};
use crate::delivery::{Abilities, Client, From, Place, Protocol, Published, Told};
use eventweir::{NewEvent, Result, Selector, async_trait};
pub(super) use stream::{EventStream, LAST_EVENT_ID};

const LAST_EVENT_ID_KEY: &str = "lastEventId";

/// Server-sent events, followed as `EventSource` does. Clients say where they were by the header `Last-Event-ID` or by the key
/// `lastEventId`, as the place itself has it. Events are published through the native API.
pub fn sse() -> Protocol {
    Protocol::new("sse", Abilities::ALL, |address| async move {
        let publisher = Connection::new(address.clone());
        Ok(Box::new(EventSource { publisher, stream: EventStream::new(address) }) as Box<dyn Client>)
    })
}

/// Follows with one connection, and publishes with another.
#[derive(Debug)]
struct EventSource {
    publisher: Connection,
    stream: EventStream,
}

#[async_trait]
impl Client for EventSource {
    async fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>> {
        native::publish(&mut self.publisher, events).await
    }

    async fn follow(&mut self, selector: &Selector, from: &From) -> Result<()> {
        self.stream.open(call(selector, from)?, from, failure::refused).await
    }

    async fn next(&mut self) -> Result<Vec<Told>> {
        self.stream.next().await
    }

    fn place(&self) -> Option<Place> {
        self.stream.place()
    }
}

fn call(selector: &Selector, from: &From) -> Result<Call> {
    let get = |query| Call::get(native::first_in_path(query, selector));
    match from {
        From::Earliest => Ok(get(Query::default().with("after", "earliest"))),
        From::Latest => Ok(get(Query::default())),
        From::At(place) if prefers_key(place) => Ok(get(Query::default().with(LAST_EVENT_ID_KEY, place))),
        // What the address says does not count beside the header: it is that of the first connection still.
        From::At(place) => get(Query::default().with("after", "earliest")).with(LAST_EVENT_ID, &place.0),
    }
}

/// Half of all places are told in the one way, half in the other; a replay of the same does the same.
fn prefers_key(place: &Place) -> bool {
    place.0.bytes().last().is_some_and(|last| last % 2 == 1)
}
