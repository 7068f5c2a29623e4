//! Events as JSON in requests: the lines of a batch, the events of a commit.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use eventweir::{ChannelName, ContentType, Error, EventId, Headers, NewEvent, Result, Source};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Holds an event as a client writes it: the form that events are read in, without what the broker gives.
///
/// `sequence` and `time` are taken and ignored, so that what was read from one broker can be published to another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventInput<'a> {
    id: Option<EventId>,
    channel: Option<ChannelName>,
    source: Option<Source>,
    headers: Option<Headers>,
    content_type: Option<ContentType>,
    // `null` is JSON like any other: only an absent `data` is none.
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<Cow<'a, str>>,
    #[serde(default, rename = "sequence")]
    _sequence: IgnoredAny,
    #[serde(default, rename = "time")]
    _time: IgnoredAny,
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl EventInput<'_> {
    /// Makes the event. `home` is the channel that the request names, if it does: the event's own is that or below it.
    ///
    /// # Errors
    /// [`InvalidInput`](eventweir::ErrorKind::InvalidInput) when parts are missing, contradict each other or break a rule.
    pub(crate) fn into_event(self, home: Option<&ChannelName>) -> Result<NewEvent> {
        let channel = channel_under(self.channel, home)?;
        let (data, content_type) = match (self.data, self.data_base64) {
            (Some(json), None) => json_data(json, self.content_type)?,
            (None, Some(text)) => (decode_base64(&text)?, self.content_type.unwrap_or(ContentType::BINARY)),
            (None, None) => return Err(Error::invalid("an event has `data` or `data_base64`")),
            (Some(_), Some(_)) => {
                return Err(Error::invalid("an event has either `data` or `data_base64`, not both"));
            }
        };
        let mut event = NewEvent::new(channel, data)
            .with_content_type(content_type)
            .with_headers(self.headers.unwrap_or_default());
        event.source = self.source;
        if let Some(id) = self.id {
            event.id = id;
        }
        Ok(event)
    }
}

fn channel_under(own: Option<ChannelName>, home: Option<&ChannelName>) -> Result<ChannelName> {
    match (own, home) {
        (None, Some(home)) => Ok(home.clone()),
        (Some(own), None) => Ok(own),
        (Some(own), Some(home)) if own.is_within(home) => Ok(own),
        (Some(own), Some(home)) => {
            Err(Error::invalid(format!("the event's channel {own} is neither {home} nor below it")))
        }
        (None, None) => Err(Error::invalid("the event names no `channel`, and neither does the address")),
    }
}

fn json_data(json: &RawValue, content_type: Option<ContentType>) -> Result<(Bytes, ContentType)> {
    let content_type = content_type.unwrap_or(ContentType::JSON);
    if !content_type.is_json() {
        return Err(Error::invalid(format!(
            "`data` is JSON, and {content_type} is not: give such an event's bytes as `data_base64`"
        )));
    }
    Ok((Bytes::copy_from_slice(json.get().as_bytes()), content_type))
}

/// Decodes standard base64 with padding.
pub(crate) fn decode_base64(text: &str) -> Result<Bytes> {
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|error| Error::invalid(format!("`data_base64` is no standard base64: {error}")))
}

/// Says why JSON was refused, on one line.
pub(crate) fn json_refused(error: &serde_json::Error) -> Error {
    Error::invalid(format!("the JSON is refused: {error}"))
}
