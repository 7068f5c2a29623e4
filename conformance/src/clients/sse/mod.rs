//! Server-sent events: reading as `EventSource` does, and publishing through the native API.

mod blocks;

use super::call::Call;
use super::connection::{Connection, Following};
use super::encode::Query;
use super::native::{self, WireGap};
use super::{event, failure};
use crate::delivery::{Abilities, Address, Client, From, Place, Protocol, Published, Told};
use blocks::{Block, Blocks};
use eventweir::{Effect, Error, ErrorKind, NewEvent, Result, Selector, async_trait};
use http::HeaderName;
use http::header::ACCEPT;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const LAST_EVENT_ID_KEY: &str = "lastEventId";
/// A stream has a heartbeat every 15 seconds unless configured otherwise; one that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(40);

/// Server-sent events, followed as `EventSource` does. Every other client says where it was by the header `Last-Event-ID`, the
/// others by the key `lastEventId`. Events are published through the native API.
pub fn sse() -> Protocol {
    let by_key = AtomicBool::new(true);
    Protocol::new("sse", Abilities::ALL, move |address| {
        let by_key = by_key.fetch_xor(true, Ordering::Relaxed);
        async move { Ok(Box::new(EventSource::new(address, by_key)) as Box<dyn Client>) }
    })
}

/// Follows with one connection, and publishes with another.
#[derive(Debug)]
struct EventSource {
    publisher: Connection,
    reader: Connection,
    by_key: bool,
    stream: Option<Following>,
    blocks: Blocks,
    /// What has come and was not told yet. The place does not pass it.
    waiting: VecDeque<Block>,
    place: Option<Place>,
}

impl EventSource {
    fn new(address: Address, by_key: bool) -> Self {
        let publisher = Connection::new(address.clone());
        let reader = Connection::new(address);
        let (blocks, waiting) = (Blocks::default(), VecDeque::new());
        Self { publisher, reader, by_key, stream: None, blocks, waiting, place: None }
    }

    fn call(&self, selector: &Selector, from: &From) -> Result<Call> {
        let query = match from {
            From::Earliest => Query::default().with("after", "earliest"),
            From::Latest => Query::default(),
            From::At(place) if self.by_key => Query::default().with(LAST_EVENT_ID_KEY, place),
            // What the address says does not count beside the header: it is that of the first connection still.
            From::At(_) => Query::default().with("after", "earliest"),
        };
        let call = Call::get(native::first_in_path(query, selector)).with(ACCEPT, "text/event-stream")?;
        match from {
            From::At(place) if !self.by_key => call.with(LAST_EVENT_ID, &place.0),
            _ => Ok(call),
        }
    }

    /// Waits until a block has come.
    async fn receive(&mut self) -> Result<()> {
        while self.waiting.is_empty() {
            let stream = self.stream.as_mut().ok_or_else(not_followed)?;
            let more = timeout(SILENCE, stream.more()).await.unwrap_or_else(|_| Err(failure::late()))?;
            let piece = more.ok_or_else(|| failure::cut_off("the stream ended"))?;
            self.waiting.extend(self.blocks.take(&piece)?);
        }
        Ok(())
    }

    /// Takes the next block that has come, and moves behind it.
    fn take(&mut self) -> Result<Option<Told>> {
        let Some(block) = self.waiting.pop_front() else { return Ok(None) };
        let told = match &block.data {
            Some(data) => told(&block.name, data)?,
            None => None,
        };
        if let Some(id) = block.id {
            self.place = Some(Place(id));
        }
        Ok(told)
    }
}

#[async_trait]
impl Client for EventSource {
    async fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>> {
        native::publish(&mut self.publisher, events).await
    }

    async fn follow(&mut self, selector: &Selector, from: &From) -> Result<()> {
        if let From::At(place) = from {
            self.place = Some(place.clone());
        }
        let call = self.call(selector, from)?;
        let stream = self.reader.follow(&call).await?;
        if !stream.is_event_stream() {
            return Err(failure::refused(&stream.answer().await?));
        }
        self.stream = Some(stream);
        // The stream begins with where it begins.
        self.receive().await?;
        self.take()?;
        Ok(())
    }

    async fn next(&mut self) -> Result<Vec<Told>> {
        let mut all = Vec::new();
        while all.is_empty() {
            self.receive().await?;
            while !self.waiting.front().is_some_and(|block| block.name == ERROR && !all.is_empty()) {
                match self.waiting.is_empty() {
                    true => break,
                    false => all.extend(self.take()?),
                }
            }
        }
        Ok(all)
    }

    fn place(&self) -> Option<Place> {
        self.place.clone()
    }
}

/// The last event of a stream that does not end by a shutdown.
const ERROR: &str = "error";

fn told(name: &str, data: &str) -> Result<Option<Told>> {
    match name {
        "" | "message" => Ok(Some(Told::Event(event::read(data.as_bytes())?))),
        "reset" => Ok(Some(Told::Reset)),
        "gap" => {
            let gap: WireGap = serde_json::from_str(data).map_err(failure::not_understood)?;
            gap.told().map(Some)
        }
        ERROR => {
            let problem = failure::problem(data.as_bytes());
            Err(problem
                .unwrap_or_else(|| failure::not_understood("the stream's error is no problem document")))
        }
        other => Err(failure::not_understood(format!("the event {other:?} is not known"))),
    }
}

fn not_followed() -> Error {
    Error::new(ErrorKind::InvalidInput, "nothing is followed").with_effect(Effect::NotApplied)
}
