//! Publishing through the native API.

use super::super::call::{Answer, Call};
use super::super::connection::Connection;
use super::super::event::sequence;
use super::super::{encode, failure};
use crate::delivery::Published;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use eventweir::{Error, Headers, NewEvent, Result, Source};
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const EVENT_SOURCE: HeaderName = HeaderName::from_static("event-source");
const EVENT_HEADER: &str = "event-header-";
const LINES: &str = "application/x-ndjson";

/// Publishes one event, or several as one commit.
pub(in super::super) async fn publish(
    connection: &mut Connection,
    events: &[NewEvent],
) -> Result<Vec<Published>> {
    match events {
        [event] => {
            let answer = accepted(connection.call(&single(event)?).await?)?;
            Ok(vec![
                serde_json::from_slice::<WireReceipt>(&answer.body)
                    .map_err(failure::not_understood)?
                    .read()?,
            ])
        }
        _ => {
            let answer = accepted(connection.call(&batch(events)?).await?)?;
            let receipts: WireReceipts =
                serde_json::from_slice(&answer.body).map_err(failure::not_understood)?;
            if receipts.events.len() != events.len() {
                return Err(failure::not_understood("not every event has an answer"));
            }
            receipts.events.iter().map(WireReceipt::read).collect()
        }
    }
}

fn single(event: &NewEvent) -> Result<Call> {
    let target = format!("/v1/events{}", encode::path(event.channel.as_str()));
    let mut call = Call::new(Method::POST, target)
        .with(CONTENT_TYPE, event.content_type.as_str())?
        .with(IDEMPOTENCY_KEY, event.id.as_str())?;
    if let Some(source) = &event.source {
        call = call.with(EVENT_SOURCE, source.as_str())?;
    }
    for (name, value) in event.headers.iter() {
        let name = HeaderName::try_from(format!("{EVENT_HEADER}{name}"))
            .map_err(|_| Error::invalid(format!("the header {name:?} cannot be sent by itself")))?;
        call = call.with(name, value)?;
    }
    Ok(call.with_body(event.data.clone()))
}

/// An event as a line of a batch.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    channel: &'a str,
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a Source>,
    headers: &'a Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

fn batch(events: &[NewEvent]) -> Result<Call> {
    let mut lines = Vec::new();
    for event in events {
        let (data, data_base64) = data_of(event);
        let line = Line {
            id: event.id.as_str(),
            channel: event.channel.as_str(),
            content_type: event.content_type.as_str(),
            source: event.source.as_ref(),
            headers: &event.headers,
            data,
            data_base64,
        };
        serde_json::to_writer(&mut lines, &line)
            .map_err(|error| Error::invalid("an event cannot be written as JSON").with_source(error))?;
        lines.push(b'\n');
    }
    Ok(Call::new(Method::POST, "/v1/events").with(CONTENT_TYPE, LINES)?.with_body(Bytes::from(lines)))
}

/// A line holds JSON as it is, unless that would break the line or lose the blanks around it.
fn data_of(event: &NewEvent) -> (Option<&RawValue>, Option<String>) {
    let one_line = event.content_type.is_json() && !event.data.contains(&b'\n');
    let json = serde_json::from_slice::<&RawValue>(&event.data).ok();
    match json.filter(|json| one_line && json.get().len() == event.data.len()) {
        Some(json) => (Some(json), None),
        None => (None, Some(STANDARD.encode(&event.data))),
    }
}

fn accepted(answer: Answer) -> Result<Answer> {
    if answer.status.is_success() { Ok(answer) } else { Err(failure::refused(&answer)) }
}

#[derive(Debug, Deserialize)]
struct WireReceipts {
    events: Vec<WireReceipt>,
}

#[derive(Debug, Deserialize)]
struct WireReceipt {
    sequence: u64,
    duplicate: bool,
}

impl WireReceipt {
    fn read(&self) -> Result<Published> {
        Ok(Published { sequence: Some(sequence(self.sequence)?), duplicate: Some(self.duplicate) })
    }
}
