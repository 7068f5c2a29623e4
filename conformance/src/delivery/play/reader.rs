//! A reader that goes on where it was, however often it is cut off.

use super::{Backdrop, Saw, breathe, sighting};
use crate::delivery::{Client, From, Place, Told};
use crate::{Failure, Law};
use eventweir::{ChannelName, Error, Selector};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Says what a reader follows, and how.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) selector: Selector,
    pub(crate) from: From,
    /// A channel of the selection, where the end of the play is published.
    pub(crate) sentinel: ChannelName,
    pub(crate) manner: Manner,
}

/// Says how a reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes what comes.
    Steady,
    /// Connects again after each so many events.
    Restless(usize),
    /// Waits so long after each look, so that it falls behind.
    Slow(Duration),
    /// Takes at least so many events, and nothing more before the end of the play is published: with its connection open, or
    /// gone.
    Stops { after: usize, connected: bool },
}

impl Role {
    /// Follows a selection from the beginning, steadily.
    pub(crate) fn new(name: impl Into<String>, selector: Selector, sentinel: ChannelName) -> Self {
        Self { name: name.into(), selector, from: From::Earliest, sentinel, manner: Manner::Steady }
    }

    pub(crate) fn from(mut self, from: From) -> Self {
        self.from = from;
        self
    }

    pub(crate) fn manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }
}

pub(super) struct Reader {
    stage: Backdrop,
    role: Role,
    /// Its number in the history.
    record: Option<usize>,
    client: Option<Box<dyn Client>>,
    place: Option<Place>,
    ends: watch::Receiver<u64>,
    arrived: Arc<watch::Sender<Vec<u64>>>,
    number: usize,
    /// Sentinels that it has seen.
    seen: u64,
}

/// Connects a reader, and returns it once it follows.
pub(super) async fn begin(
    stage: &Backdrop,
    role: &Role,
    ends: watch::Receiver<u64>,
    arrived: Arc<watch::Sender<Vec<u64>>>,
    number: usize,
) -> Result<Reader, Failure> {
    let (stage, role) = (stage.clone(), role.clone());
    let (client, place, seen) = (None, None, 0);
    let mut reader = Reader { stage, role, record: None, client, place, ends, arrived, number, seen };
    let end = Instant::now() + reader.stage.patience;
    while let Err(error) = reader.connect().await {
        reader.stage.excuse(&reader.role.name, &error)?;
        if Instant::now() > end {
            let what = format!("{} could not begin to read: {error}", reader.role.name);
            return Err(Failure::of(Law::Honest, what));
        }
        breathe().await;
    }
    reader.take_first(end).await?;
    Ok(reader)
}

impl Reader {
    /// Follows to the second sentinel. A play that waits too long for it drops this.
    pub(super) async fn follow(mut self) -> Result<(), Failure> {
        let mut since = 0;
        if let Manner::Stops { connected, .. } = self.role.manner {
            self.client = self.client.filter(|_| connected);
            // A play that is dropped ends this.
            let _ = self.ends.wait_for(|round| *round > 0).await;
        }
        while self.seen < SENTINELS {
            since += self.try_step().await?;
            if let Manner::Restless(after) = self.role.manner
                && since >= after
            {
                (self.client, since) = (None, 0);
            }
            if let Some(span) = self.pace() {
                tokio::time::sleep(span).await;
            }
        }
        // What is published after its end does not concern it.
        if let Some(record) = self.record {
            self.stage.recorder.stopped(record);
        }
        Ok(())
    }

    /// Takes what a reader takes that stops later.
    async fn take_first(&mut self, end: Instant) -> Result<(), Failure> {
        let Manner::Stops { after, .. } = self.role.manner else { return Ok(()) };
        let mut taken = 0;
        while taken < after {
            let step = tokio::time::timeout_at(end, self.try_step()).await;
            taken += step.map_err(|_| {
                let (name, seconds) = (&self.role.name, self.stage.patience.as_secs());
                let what =
                    format!("{name} was given {taken} events in {seconds} seconds, and {after} are there");
                Failure::of(Law::NoMiss, what)
            })??;
        }
        Ok(())
    }

    /// Takes what comes next; after an excusable error another client will go on.
    async fn try_step(&mut self) -> Result<usize, Failure> {
        match self.step().await {
            Ok(events) => Ok(events),
            Err(error) => {
                self.stage.excuse(&self.role.name, &error)?;
                self.client = None;
                breathe().await;
                Ok(0)
            }
        }
    }

    /// Takes what comes next; connects first, if it must. Returns how many events came.
    async fn step(&mut self) -> Result<usize, Error> {
        if self.client.is_none() {
            self.connect().await?;
        }
        let Some(client) = &mut self.client else { return Ok(0) };
        let told = client.next().await;
        // Also after an error: the place is where the last answer left it.
        self.place = client.place().or(self.place.take());
        let told = told?;
        let empty = told.is_empty();
        let events = told.iter().filter(|told| matches!(told, Told::Event(_))).count();
        told.into_iter().for_each(|told| self.note(told));
        if empty {
            breathe().await;
        }
        Ok(events)
    }

    async fn connect(&mut self) -> Result<(), Error> {
        let from = match &self.place {
            Some(place) => From::At(place.clone()),
            None => self.role.from.clone(),
        };
        let begins = self.place.is_none();
        let mut client = self.stage.site.connect().await?;
        let recorder = self.stage.recorder.clone();
        let record = match self.record {
            Some(record) => record,
            None => recorder.reader(&self.role.name, &self.role.selector, from == From::Latest),
        };
        self.record = Some(record);
        if begins {
            recorder.asks_again(record);
        }
        client.follow(&self.role.selector, &from).await?;
        if begins {
            recorder.began(record);
        } else {
            recorder.saw(record, |_| Saw::Resumed);
        }
        self.place = client.place().or(self.place.take());
        self.client = Some(client);
        Ok(())
    }

    fn note(&mut self, told: Told) {
        let Some(record) = self.record else { return };
        let recorder = self.stage.recorder.clone();
        match told {
            Told::Event(seen) => {
                recorder.saw(record, |at| Saw::Event(sighting(&seen, at)));
                self.note_sentinel(&sighting(&seen, 0).key);
            }
            Told::Gap(resume_at) => recorder.saw(record, |_| Saw::Gap(resume_at)),
            Told::Reset => recorder.saw(record, |_| Saw::Reset),
        }
    }

    fn note_sentinel(&mut self, key: &str) {
        let round = self.seen + 1;
        let own = format!("end{round}-{}-", self.role.sentinel.as_str().trim_start_matches('/'));
        if key.starts_with(&own) {
            self.seen = round;
            let number = self.number;
            self.arrived.send_modify(|arrived| {
                if let Some(at) = arrived.get_mut(number) {
                    *at = round;
                }
            });
        }
    }

    /// Returns how long it waits before it looks again.
    fn pace(&self) -> Option<Duration> {
        let Manner::Slow(span) = self.role.manner else { return None };
        // Nobody waits for those who are slow for the sake of it once the end is published.
        (*self.ends.borrow() == 0).then_some(span)
    }
}

const SENTINELS: u64 = 2;
