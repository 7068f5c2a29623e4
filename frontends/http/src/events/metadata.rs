//! What request headers say about what is published.

use crate::header_text;
use eventweir::{ChannelName, Error, EventId, Expect, Headers, Result, Sequence, Source};
use http::{HeaderMap, HeaderName};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(super) const EVENT_ID: HeaderName = HeaderName::from_static("event-id");
const EVENT_SOURCE: HeaderName = HeaderName::from_static("event-source");
const EXPECT_HEAD: HeaderName = HeaderName::from_static("expect-head");
const EXPECT_CHANNEL_HEAD: HeaderName = HeaderName::from_static("expect-channel-head");
/// `Event-Header-Trace: 7` gives the event the header `trace`.
const EVENT_HEADER: &str = "event-header-";

/// Reads the idempotency key: `Idempotency-Key`, with or without quotes, or `Event-Id`.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>> {
    let key = one(headers, &IDEMPOTENCY_KEY)?.map(header_text::unquoted);
    let id = one(headers, &EVENT_ID)?;
    match (key, id) {
        (Some(key), Some(id)) if key != id => {
            Err(Error::invalid("Idempotency-Key and Event-Id differ; they say the same, send one of them"))
        }
        (Some(key), _) => Ok(Some(key.into_owned())),
        (None, id) => Ok(id.map(str::to_owned)),
    }
}

/// Reads the key as an event's id.
pub(super) fn event_id(headers: &HeaderMap) -> Result<Option<EventId>> {
    key(headers)?.map(|key| EventId::new(&key)).transpose()
}

/// Reads who publishes.
pub(super) fn source(headers: &HeaderMap) -> Result<Option<Source>> {
    one(headers, &EVENT_SOURCE)?.map(Source::new).transpose()
}

/// Reads the event's own headers, and adds those that it has already.
pub(super) fn event_headers(headers: &HeaderMap, mut given: Vec<(String, String)>) -> Result<Headers> {
    for (name, value) in headers {
        if let Some(own) = name.as_str().strip_prefix(EVENT_HEADER) {
            given.push((own.to_owned(), header_text::of(name.as_str(), value)?.to_owned()));
        }
    }
    if given.is_empty() { Ok(Headers::default()) } else { Headers::new(given) }
}

/// Refuses event headers where there is no one event that they could belong to.
pub(super) fn no_event_headers(headers: &HeaderMap) -> Result<()> {
    match headers.keys().find(|name| name.as_str().starts_with(EVENT_HEADER)) {
        None => Ok(()),
        Some(name) => Err(Error::invalid(format!(
            "the header {name} belongs to a single event; in a batch each event has its own `headers`"
        ))),
    }
}

/// Reads what must hold.
pub(super) fn expect(headers: &HeaderMap, channel: Option<&ChannelName>) -> Result<Expect> {
    match (sequence(headers, &EXPECT_HEAD)?, sequence(headers, &EXPECT_CHANNEL_HEAD)?) {
        (None, None) => Ok(Expect::Any),
        (Some(head), None) => Ok(Expect::Head(head)),
        (None, Some(head)) => channel
            .map(|channel| Expect::ChannelHead(channel.clone(), head))
            .ok_or_else(|| Error::invalid("Expect-Channel-Head needs a channel in the address")),
        (Some(_), Some(_)) => Err(Error::invalid("Expect-Head and Expect-Channel-Head exclude each other")),
    }
}

fn sequence(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Sequence>> {
    let refused = |error: Error| Error::invalid(format!("the header {name}: {}", error.message()));
    one(headers, name)?.map(|text| text.parse().map_err(refused)).transpose()
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Error::invalid(format!("the header {name} stands there more than once"))),
        (Some(value), None) => header_text::of(name.as_str(), value).map(Some),
        (None, None) => Ok(None),
    }
}
