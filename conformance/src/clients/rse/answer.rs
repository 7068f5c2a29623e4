//! Answers of RSE.

use super::super::call::Answer;
use super::super::event::sequence;
use super::super::failure;
use crate::delivery::{Seen, Told};
use bytes::Bytes;
use eventweir::{ChannelName, Effect, Error, Result};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a poll's answer says, as far as its client looks.
#[derive(Debug)]
pub(super) struct Polled {
    pub(super) told: Vec<Told>,
    /// The greatest id among the events.
    pub(super) greatest: Option<u64>,
}

#[derive(Deserialize)]
struct Container<'a> {
    #[serde(borrow)]
    events: Vec<WireEvent<'a>>,
}

#[derive(Deserialize)]
struct WireEvent<'a> {
    id: u64,
    #[serde(borrow)]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Reads what a poll found: events, or 204 for none.
pub(super) fn events(answer: &Answer) -> Result<Polled> {
    let (mut told, mut greatest) = (Vec::new(), None);
    match answer.status.as_u16() {
        204 => {}
        200 => {
            let container: Container<'_> =
                serde_json::from_slice(&answer.body).map_err(failure::not_understood)?;
            for event in &container.events {
                greatest = greatest.max(Some(event.id));
                told.push(Told::Event(event.seen()?));
            }
        }
        _ => return Err(refused_with_effect(answer)),
    }
    Ok(Polled { told, greatest })
}

impl WireEvent<'_> {
    fn seen(&self) -> Result<Seen> {
        let channel = self.channel.as_deref().map(ChannelName::new).transpose();
        Ok(Seen {
            sequence: Some(sequence(self.id)?),
            channel: channel.map_err(failure::not_understood)?,
            data: Bytes::copy_from_slice(self.data.get().as_bytes()),
        })
    }
}

/// Returns what an answer tells of lost events.
pub(super) fn warnings(answer: &Answer) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    if answer.header("x-rse-reset").is_some() {
        told.push(Told::Reset);
    }
    if let Some(text) = answer.header("x-rse-gap") {
        told.push(Told::Gap(Some(sequence(number(text.strip_prefix("resume-at=").unwrap_or_default())?)?)));
    }
    Ok(told)
}

/// Reads a header that is a number.
pub(super) fn numbered(answer: &Answer, name: &str) -> Result<u64> {
    number(answer.header(name).unwrap_or_default()).map_err(|_| {
        failure::not_understood(format!("the header {name} is {:?}, which is no number", answer.header(name)))
    })
}

fn number(text: &str) -> Result<u64> {
    text.parse().map_err(|_| failure::not_understood(format!("{text:?} is no number")))
}

#[derive(Deserialize)]
struct Refusal<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

/// Reads a refusal as clients did in 2012: a failure of the server's may have had an effect.
pub(super) fn refused(answer: &Answer) -> Error {
    failure::by_status(answer, message(answer).as_deref().unwrap_or_default())
}

/// Reads a refusal by a server that says `X-RSE-Effect: unknown` whenever it is so: what it refuses otherwise had no effect.
pub(super) fn refused_with_effect(answer: &Answer) -> Error {
    let error = refused(answer);
    match (answer.header("x-rse-effect"), message(answer)) {
        (None, Some(_)) => error.with_effect(Effect::NotApplied),
        // What is not in the form of RSE comes from something in between.
        (None, None) => error,
        (Some(_), _) => error.with_effect(Effect::Unknown),
    }
}

fn message(answer: &Answer) -> Option<Cow<'_, str>> {
    serde_json::from_slice::<Refusal<'_>>(&answer.body).ok().map(|refusal| refusal.message)
}
