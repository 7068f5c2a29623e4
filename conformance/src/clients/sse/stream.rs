//! An open event stream, whatever was asked for.

use super::super::call::{Answer, Call};
use super::super::connection::{Connection, Following};
use super::super::native::WireGap;
use super::super::{event, failure};
use super::blocks::{Block, Blocks};
use crate::delivery::{Address, From, Place, Told};
use eventweir::{Effect, Error, ErrorKind, Result};
use http::HeaderName;
use http::header::ACCEPT;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::timeout;

pub(in super::super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A stream has a heartbeat every 15 seconds unless configured otherwise; one that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(40);
/// The last event of a stream that does not end by a shutdown.
const ERROR: &str = "error";

/// Follows over a connection of its own.
#[derive(Debug)]
pub(in super::super) struct EventStream {
    connection: Connection,
    stream: Option<Following>,
    blocks: Blocks,
    /// What has come and was not told yet. The place does not pass it.
    waiting: VecDeque<Block>,
    place: Option<Place>,
}

impl EventStream {
    pub(in super::super) fn new(address: Address) -> Self {
        let (connection, blocks, waiting) = (Connection::new(address), Blocks::default(), VecDeque::new());
        Self { connection, stream: None, blocks, waiting, place: None }
    }

    /// Asks for a stream, and returns once it has begun: then it is known where.
    pub(in super::super) async fn open(
        &mut self,
        call: Call,
        from: &From,
        refused: fn(&Answer) -> Error,
    ) -> Result<()> {
        if let From::At(place) = from {
            self.place = Some(place.clone());
        }
        let stream = self.connection.follow(&call.with(ACCEPT, "text/event-stream")?).await?;
        if !stream.is_event_stream() {
            return Err(refused(&stream.answer().await?));
        }
        self.stream = Some(stream);
        self.receive().await?;
        self.take().map(drop)
    }

    /// Waits for what comes next: all that has come, but for an error behind it.
    pub(in super::super) async fn next(&mut self) -> Result<Vec<Told>> {
        let mut all = Vec::new();
        while all.is_empty() {
            self.receive().await?;
            while let Some(block) = self.waiting.front()
                && (block.name != ERROR || all.is_empty())
            {
                all.extend(self.take()?);
            }
        }
        Ok(all)
    }

    pub(in super::super) fn place(&self) -> Option<Place> {
        self.place.clone()
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
