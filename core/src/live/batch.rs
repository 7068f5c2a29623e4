//! What subscriptions deliver.

use crate::{Event, Gap, Position, Reset, WireForm};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};

/// Tells a subscriber what came next.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Events, in order.
    Events(Arc<Batch>),
    /// Selected events were removed before they could be delivered.
    Gap(Gap),
    /// The stream is another incarnation; delivery goes on with its oldest retained event.
    Reset(Reset),
}

/// Holds consecutive events of one selection, never none. Subscribers of equal selections share it, and what is encoded of it.
#[derive(Debug)]
pub struct Batch {
    events: Vec<Arc<Event>>,
    after: Position,
    position: Position,
    wire: [OnceLock<Bytes>; WireForm::COUNT],
}

impl Batch {
    pub(crate) fn new(events: Vec<Arc<Event>>, after: Position, position: Position) -> Self {
        Self { events, after, position, wire: [const { OnceLock::new() }; WireForm::COUNT] }
    }

    /// Lists the events, oldest first.
    pub fn events(&self) -> &[Arc<Event>] {
        &self.events
    }

    /// Returns the position that the batch follows on.
    pub fn after(&self) -> Position {
        self.after
    }

    /// Returns the position to resume from once the batch is dealt with. Its sequence may be above that of the last event.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns a wire form of the whole batch, encoded by `encode` on first use and shared by all who have this batch.
    pub fn wire_form(&self, form: WireForm, encode: impl FnOnce(&Batch) -> Bytes) -> &Bytes {
        self.wire[form as usize].get_or_init(|| encode(self))
    }

    /// Returns about how many bytes of memory the batch keeps alive.
    pub(crate) fn weight(&self) -> usize {
        self.events.iter().map(|event| event.weight()).sum::<usize>() + size_of::<Self>()
    }
}
