//! A page, as the native API writes it.

use super::super::event::{WireEvent, sequence};
use super::super::failure;
use crate::delivery::Told;
use eventweir::Result;
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Debug, Deserialize)]
pub(super) struct WirePage<'a> {
    #[serde(borrow)]
    events: Vec<WireEvent<'a>>,
    #[serde(borrow)]
    position: Cow<'a, str>,
    gap: Option<WireGap>,
    reset: Option<WireReset>,
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct WireGap {
    resume_at: u64,
}

/// What it was and what it is does not matter here.
#[derive(Debug, Deserialize)]
struct WireReset {}

impl<'a> WirePage<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self> {
        serde_json::from_slice(json).map_err(failure::not_understood)
    }

    /// Returns the position to go on after.
    pub(super) fn position(&self) -> &str {
        &self.position
    }

    /// Returns what the page tells, in order: what was lost comes before what is there.
    pub(super) fn told(&self) -> Result<Vec<Told>> {
        let mut told = Vec::with_capacity(self.events.len() + 2);
        if self.reset.is_some() {
            told.push(Told::Reset);
        }
        if let Some(gap) = &self.gap {
            told.push(gap.told()?);
        }
        for event in &self.events {
            told.push(Told::Event(event.seen()?));
        }
        Ok(told)
    }
}

impl WireGap {
    pub(in super::super) fn told(&self) -> Result<Told> {
        Ok(Told::Gap(Some(sequence(self.resume_at)?)))
    }
}
