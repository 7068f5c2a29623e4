//! `POST /v1/events/{channel}`: one event or many.

use super::{BEGINNING, batch, metadata};
use crate::api::{Api, no_query, path_behind};
use crate::{body, cloudevents, response};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use eventweir::json::push_string;
use eventweir::{
    Appended, ChannelName, Commit, CommitId, ContentType, Error, EventId, Expect, NewEvent, Receipt, Result,
    Sequence,
};
use eventweir_web::{Problem, channel_of_path};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::io::Write;

const EVENT_SEQUENCE: HeaderName = HeaderName::from_static("event-sequence");

/// Says what a body holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyForm {
    /// The event's data.
    Event,
    /// An event in each line.
    Lines,
    CloudEvent,
    CloudEvents,
}

/// Publishes what the body holds.
pub(crate) async fn publish(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, raw) = request.into_parts();
    no_query(&parts.uri)?;
    let channel = match path_behind(&parts.uri, BEGINNING) {
        "" => None,
        path => Some(channel_of_path(path)?),
    };
    let form = BodyForm::of(&parts.headers);
    let expect = metadata::expect(&parts.headers, channel.as_ref())?;
    let expects = expect != Expect::Any;
    // Whoever is not known is told so before anything is read.
    let session = api.session(&parts.headers).await?;
    let body = body::read(&parts.headers, raw, form.most_bytes(&api)).await?;
    let most = api.broker().limits().max_commit_events;
    let mut commit = form.read(&parts.headers, channel.as_ref(), body, most)?.with_expect(expect);
    let ids: Vec<EventId> = commit.append.iter().map(|event| event.id.clone()).collect();
    if let (true, true, Some(id)) = (form.is_single(), expects, ids.first()) {
        // Sent again after it was published, the event is known before its expectation could fail.
        commit.id = Some(CommitId::new(id.as_str())?);
    }
    let receipt = session.commit(commit).await.map_err(|error| refused(error, expects))?;
    match (channel, ids.first(), receipt.events.first()) {
        (Some(channel), Some(id), Some(appended)) if form.is_single() => {
            Ok(one(&receipt, appended, id, &channel))
        }
        _ => Ok(many(&receipt, &ids)),
    }
}

impl BodyForm {
    fn of(headers: &HeaderMap) -> Self {
        let named = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let essence = named.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
        let is = |name: &str| essence.eq_ignore_ascii_case(name.as_bytes());
        if is("application/x-ndjson") {
            Self::Lines
        } else if is("application/cloudevents+json") {
            Self::CloudEvent
        } else if is("application/cloudevents-batch+json") {
            Self::CloudEvents
        } else {
            Self::Event
        }
    }

    fn is_single(self) -> bool {
        matches!(self, Self::Event | Self::CloudEvent)
    }

    fn most_bytes(self, api: &Api) -> u64 {
        if self == Self::Event { api.max_event_bytes() } else { api.max_body_bytes() }
    }

    /// Reads what is to be published; lines may name their own channels, below that of the address.
    fn read(
        self,
        headers: &HeaderMap,
        channel: Option<&ChannelName>,
        body: Bytes,
        most: usize,
    ) -> Result<Commit> {
        let home = || {
            channel
                .ok_or_else(|| Error::invalid("name the channel in the address, or in each line of NDJSON"))
        };
        match self {
            Self::Event => Ok(Commit::append([event_of(headers, home()?, body)?])),
            Self::CloudEvent => Ok(Commit::append([cloud_event(headers, home()?, &body)?])),
            Self::Lines => batch_of(headers, |source| batch::from_lines(&body, channel, source, most)),
            Self::CloudEvents => batch_of(headers, |source| {
                let mut events = cloudevents::from_json_batch(home()?, &body, most)?;
                events.iter_mut().for_each(|event| event.source = source.cloned());
                Ok(events)
            }),
        }
    }
}

/// Makes the event that a body of plain data is, with what the headers say: a CloudEvent in binary mode too.
fn event_of(headers: &HeaderMap, channel: &ChannelName, data: Bytes) -> Result<NewEvent> {
    let content_type = match headers.get(CONTENT_TYPE) {
        None => ContentType::BINARY,
        Some(value) => ContentType::new(crate::header_text::of("content-type", value)?)?,
    };
    let (id, attributes) = if cloudevents::is_binary(headers) {
        no_key(headers)?;
        let (id, attributes) = cloudevents::from_headers(headers)?;
        (Some(id), attributes)
    } else {
        (metadata::event_id(headers)?, Vec::new())
    };
    // A copy, for the body is part of a larger buffer that would live as long as the event.
    let mut event = NewEvent::new(channel.clone(), Bytes::copy_from_slice(&data))
        .with_content_type(content_type)
        .with_headers(metadata::event_headers(headers, attributes)?);
    event.source = metadata::source(headers)?;
    if let Some(id) = id {
        event.id = id;
    }
    Ok(event)
}

fn cloud_event(headers: &HeaderMap, channel: &ChannelName, body: &[u8]) -> Result<NewEvent> {
    no_key(headers)?;
    metadata::no_event_headers(headers)?;
    let mut event = cloudevents::from_json(channel, body)?;
    event.source = metadata::source(headers)?;
    Ok(event)
}

/// A CloudEvent says by itself which one it is.
fn no_key(headers: &HeaderMap) -> Result<()> {
    match metadata::key(headers)? {
        None => Ok(()),
        Some(_) => Err(Error::invalid(
            "a CloudEvent's own source and id are its idempotency key; send no Idempotency-Key or Event-Id",
        )),
    }
}

/// Makes one commit of many events. The idempotency key, if there is one, is that of all together.
fn batch_of(
    headers: &HeaderMap,
    events: impl FnOnce(Option<&eventweir::Source>) -> Result<Vec<NewEvent>>,
) -> Result<Commit> {
    metadata::no_event_headers(headers)?;
    let mut commit = Commit::append(events(metadata::source(headers)?.as_ref())?);
    commit.id = metadata::key(headers)?.map(|key| CommitId::new(&key)).transpose()?;
    Ok(commit)
}

/// A head that is not as a header expects is a precondition that failed.
fn refused(error: Error, expects: bool) -> Problem {
    let failed = expects && error.kind() == eventweir::ErrorKind::Conflict;
    let problem = Problem::from(error);
    if failed { problem.with_status(StatusCode::PRECONDITION_FAILED) } else { problem }
}

fn one(receipt: &Receipt, appended: &Appended, id: &EventId, channel: &ChannelName) -> Response {
    let mut out = Vec::with_capacity(160 + channel.as_str().len());
    let known = appended.duplicate || receipt.repeated;
    push_appended(&mut out, appended.sequence, known, id);
    out.extend_from_slice(b",\"channel\":");
    push_string(&mut out, channel.as_str());
    // Writing to a vector cannot fail.
    let _ = write!(out, ",\"position\":\"{}\"}}", eventweir::Position::new(receipt.epoch, appended.sequence));
    let status = if known { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = response::of(status, response::JSON, out);
    let headers = response.headers_mut();
    headers.insert(EVENT_SEQUENCE, HeaderValue::from(appended.sequence.get()));
    // Neither an id nor these digits hold what a header cannot.
    headers.extend(HeaderValue::from_bytes(id.as_str().as_bytes()).map(|id| (metadata::EVENT_ID, id)));
    let place = format!("?after={}&until={}", appended.sequence.previous(), appended.sequence);
    headers.extend(HeaderValue::try_from(place).map(|place| (LOCATION, place)));
    response
}

fn many(receipt: &Receipt, ids: &[EventId]) -> Response {
    let mut out = Vec::with_capacity(64 + 80 * ids.len());
    out.extend_from_slice(b"{\"events\":[");
    for (at, (appended, id)) in receipt.events.iter().zip(ids).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_appended(&mut out, appended.sequence, appended.duplicate || receipt.repeated, id);
        out.push(b'}');
    }
    let _ = write!(out, "],\"position\":\"{}\"}}", receipt.position());
    let fresh = !receipt.repeated && receipt.events.iter().any(|event| !event.duplicate);
    response::of(if fresh { StatusCode::CREATED } else { StatusCode::OK }, response::JSON, out)
}

/// Begins the object that says where an event is; the caller ends it.
pub(crate) fn push_appended(out: &mut Vec<u8>, sequence: Sequence, duplicate: bool, id: &EventId) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{{\"sequence\":{sequence},\"id\":");
    push_string(out, id.as_str());
    let _ = write!(out, ",\"duplicate\":{duplicate}");
}
