//! CloudEvents 1.0, in and out.
//!
//! Inside, a CloudEvent is an event whose attributes are headers named `ce-*` and whose id is made of the pair (`source`, `id`),
//! which is what makes a CloudEvent the same one again.

mod attributes;
mod binary;
mod structured;
mod write;

pub(crate) use binary::{from_headers, is_binary};
pub(crate) use structured::{from_json, from_json_batch};
pub(crate) use write::{push_event, push_gap, push_reset};

/// What comes before an attribute's name, in requests and in the headers of events.
const PREFIX: &str = "ce-";
