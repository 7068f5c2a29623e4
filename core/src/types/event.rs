//! Events as they are read.

use super::{ChannelName, ContentType, EventId, Headers, NewEvent, Sequence, Source, Timestamp};
use crate::json;
use bytes::Bytes;
use std::sync::OnceLock;

/// Holds one event: immutable bytes plus attributes, at one sequence of a stream.
#[derive(Debug)]
#[non_exhaustive]
pub struct Event {
    /// The event's place in its stream.
    pub sequence: Sequence,
    /// The publisher's idempotency key.
    pub id: EventId,
    /// The channel that it was published to.
    pub channel: ChannelName,
    /// When the broker took it, by the broker's clock. Not for ordering.
    pub time: Timestamp,
    /// The client that published it, if it said so.
    pub source: Option<Source>,
    /// Attributes that the publisher gave.
    pub headers: Headers,
    /// What the data is.
    pub content_type: ContentType,
    /// The event itself.
    pub data: Bytes,
    wire: [OnceLock<Bytes>; WireForm::COUNT],
}

/// Names a wire form of an event that is encoded once and shared by all who send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireForm {
    /// The JSON object of the native API.
    Json,
    /// A frame of an event stream (SSE) with the JSON object.
    Sse,
    /// A frame of an event stream (SSE) with the data alone.
    SseRaw,
}

impl WireForm {
    /// How many there are.
    pub const COUNT: usize = 3;
}

impl Event {
    /// Places a new event at a sequence.
    pub fn new(sequence: Sequence, event: NewEvent) -> Self {
        let NewEvent { id, channel, time, source, headers, content_type, data } = event;
        let wire = [const { OnceLock::new() }; WireForm::COUNT];
        Self { sequence, id, channel, time, source, headers, content_type, data, wire }
    }

    /// Returns the event as the JSON object of the native API, encoded on first use.
    ///
    /// `data` is the JSON itself, as it was published, when the content type is JSON; otherwise `data_base64` stands in its
    /// place.
    pub fn to_json(&self) -> &Bytes {
        self.wire_form(WireForm::Json, |event| json::encode_event(event).into())
    }

    /// Returns a wire form of this event, encoded by `encode` on first use and shared from then on.
    pub fn wire_form(&self, form: WireForm, encode: impl FnOnce(&Event) -> Bytes) -> &Bytes {
        self.wire[form as usize].get_or_init(|| encode(self))
    }

    /// Returns about how many bytes of memory the event takes, with the wire forms made so far.
    pub fn weight(&self) -> usize {
        let wire: usize = self.wire.iter().filter_map(OnceLock::get).map(Bytes::len).sum();
        size_of::<Self>() + self.data.len() + self.channel.as_str().len() + self.headers.bytes() + wire
    }
}

impl Clone for Event {
    fn clone(&self) -> Self {
        Self {
            sequence: self.sequence,
            id: self.id.clone(),
            channel: self.channel.clone(),
            time: self.time,
            source: self.source.clone(),
            headers: self.headers.clone(),
            content_type: self.content_type.clone(),
            data: self.data.clone(),
            wire: self.wire.clone(),
        }
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
            && self.id == other.id
            && self.channel == other.channel
            && self.time == other.time
            && self.source == other.source
            && self.headers == other.headers
            && self.content_type == other.content_type
            && self.data == other.data
    }
}
