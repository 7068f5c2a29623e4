//! Events as RSE writes them, and the answers that carry them.

use super::callback::Callback;
use super::moment;
use super::publish::AGENT_HEADER;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eventweir::{Epoch, Event, Timestamp, json};
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use std::io::Write;
use std::sync::Arc;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
pub(super) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
pub(super) const EPOCH: HeaderName = HeaderName::from_static("x-rse-epoch");
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Length of an event's members but for its data and agent text, about.
const EVENT_BYTES: usize = 96;

/// Says how events are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// The moment that ages are counted to.
    pub(super) now: Timestamp,
    /// Whether each event names its channel.
    pub(super) channels: bool,
}

/// Writes events with the channel that was asked for.
pub(super) fn container(channel: &str, events: &[Arc<Event>], form: Form) -> Vec<u8> {
    let mut out = Vec::with_capacity(channel.len() + 32 + size_of_events(events));
    out.extend_from_slice(b"{\"channel\":");
    json::push_string(&mut out, channel);
    out.extend_from_slice(b",\"events\":");
    push_list(&mut out, events, form);
    out.push(b'}');
    out
}

/// Writes events as a bare list.
pub(super) fn list(events: &[Arc<Event>], form: Form) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 + size_of_events(events));
    push_list(&mut out, events, form);
    out
}

/// Answers with JSON.
pub(super) fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, JSON)], body).into_response()
}

/// Answers with a JSON text in a call, which no browser may take for anything else.
pub(super) fn script(callback: &Callback<'_>, json: &[u8]) -> Response {
    ([(CONTENT_TYPE, SCRIPT), (X_CONTENT_TYPE_OPTIONS, NOSNIFF)], callback.call(json)).into_response()
}

/// Writes the stream's incarnation as a header.
pub(super) fn epoch(epoch: Epoch) -> HeaderValue {
    text(format_args!("{epoch}"))
}

/// Writes a header of digits and plain words.
pub(super) fn text(arguments: std::fmt::Arguments<'_>) -> HeaderValue {
    HeaderValue::try_from(arguments.to_string()).unwrap_or(HeaderValue::from_static(""))
}

fn size_of_events(events: &[Arc<Event>]) -> usize {
    events.iter().map(|event| event.data.len() + event.headers.bytes() + EVENT_BYTES).sum()
}

fn push_list(out: &mut Vec<u8>, events: &[Arc<Event>], form: Form) {
    out.push(b'[');
    for (at, event) in events.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_event(out, event, form);
    }
    out.push(b']');
}

fn push_event(out: &mut Vec<u8>, event: &Event, form: Form) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{{\"id\":{}", event.sequence);
    if form.channels {
        out.extend_from_slice(b",\"channel\":");
        json::push_string(out, event.channel.as_str());
    }
    out.extend_from_slice(b",\"user_agent\":");
    push_agent(out, event);
    out.extend_from_slice(b",\"created_at\":\"");
    moment::push(out, event.time);
    let _ = write!(out, "\",\"age\":{},\"data\":", form.now.since(event.time).as_secs());
    push_data(out, event);
    out.push(b'}');
}

/// Events that came in by other doors have no agent text; their source serves as the client id.
fn push_agent(out: &mut Vec<u8>, event: &Event) {
    match (event.headers.value(AGENT_HEADER), &event.source) {
        (Some(agent), _) => json::push_string(out, agent),
        (None, Some(source)) => json::push_string(out, &format!("weir uuid/{source}")),
        (None, None) => out.extend_from_slice(b"\"weir\""),
    }
}

/// JSON stands as it was published; other data, which only other doors take, comes as Base64 and says what it is.
fn push_data(out: &mut Vec<u8>, event: &Event) {
    if event.content_type.is_json() {
        out.extend_from_slice(&event.data);
        return;
    }
    out.extend_from_slice(b"{\"content_type\":");
    json::push_string(out, event.content_type.as_str());
    out.extend_from_slice(b",\"data_base64\":\"");
    out.extend_from_slice(STANDARD.encode(&event.data).as_bytes());
    out.extend_from_slice(b"\"}");
}
