//! `POST /v1/commit`: the atomic write.

use crate::api::{Api, no_query};
use crate::bounded::AtMost;
use crate::consumers::cursor_move;
use crate::event_input::{EventInput, decode_base64, json_refused};
use crate::events::push_appended;
use crate::{body, response};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use eventweir::{
    ChannelName, Commit, CommitId, CursorMove, CursorName, CursorTarget, Error, ErrorKind, Expect, NewEvent,
    Receipt, RecordChange, RecordExpect, RecordKey, Result, Sequence, StreamName,
};
use eventweir_web::Problem;
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::Write;

/// Lists parts of a commit. The broker's own limits are checked once they are counted; these keep the counting cheap.
type Events<'a> = AtMost<&'a RawValue, 65_536>;
type Changes<T> = AtMost<T, 10_000>;

/// Holds a commit as a client writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input<'a> {
    id: Option<CommitId>,
    stream: Option<StreamName>,
    expect: Option<ExpectInput>,
    #[serde(borrow, default)]
    events: Events<'a>,
    #[serde(default)]
    cursors: Changes<CursorInput>,
    #[serde(borrow, default)]
    records: Changes<RecordInput<'a>>,
    #[serde(borrow)]
    jobs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectInput {
    head: Sequence,
    channel: Option<ChannelName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CursorInput {
    name: CursorName,
    expect: Option<Sequence>,
    to: Option<Sequence>,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    remove: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordInput<'a> {
    key: RecordKey,
    expect: Option<u64>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    value_base64: Option<String>,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    remove: bool,
}

/// Carries out a commit.
pub(crate) async fn commit(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, raw) = request.into_parts();
    no_query(&parts.uri)?;
    let session = api.session(&parts.headers).await?;
    let body = body::read(&parts.headers, raw, api.max_body_bytes()).await?;
    let limits = api.broker().limits();
    let (commit, stream) = read(&body, limits.max_commit_events, limits.max_commit_changes)?;
    let session = match stream {
        Some(stream) => session.in_stream(&stream).await?,
        None => session,
    };
    let events: Vec<_> =
        commit.append.iter().map(|event| (event.id.clone(), event.channel.clone())).collect();
    let receipt = session.commit(commit).await?;
    Ok(receipt_response(&receipt, &events))
}

/// Returns the commit, and the stream that it names, if it does.
fn read(body: &[u8], most_events: usize, most_changes: usize) -> Result<(Commit, Option<StreamName>)> {
    let input: Input<'_> = serde_json::from_slice(body).map_err(|error| json_refused(&error))?;
    if input.jobs.is_some() {
        return Err(Error::new(ErrorKind::Unsupported, "this broker keeps no jobs"));
    }
    if input.events.0.len() > most_events || input.cursors.0.len() + input.records.0.len() > most_changes {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("a commit has at most {most_events} events, and {most_changes} cursors and records"),
        ));
    }
    let mut commit = Commit::new();
    commit.id = input.id;
    commit.expect = expect(input.expect);
    commit.append = numbered("event", input.events.0, event)?;
    commit.cursors = numbered("cursor", input.cursors.0, cursor)?;
    commit.records = numbered("record", input.records.0, record)?;
    Ok((commit, input.stream))
}

fn expect(input: Option<ExpectInput>) -> Expect {
    match input {
        None => Expect::Any,
        Some(ExpectInput { head, channel: None }) => Expect::Head(head),
        Some(ExpectInput { head, channel: Some(channel) }) => Expect::ChannelHead(channel, head),
    }
}

/// Reads each part, and says which one was refused, counting from 1.
fn numbered<I, O>(what: &str, parts: Vec<I>, read: impl Fn(I) -> Result<O>) -> Result<Vec<O>> {
    let name =
        |at: usize, error: Error| Error::new(error.kind(), format!("{what} {}: {}", at + 1, error.message()));
    parts.into_iter().enumerate().map(|(at, part)| read(part).map_err(|error| name(at, error))).collect()
}

fn event(json: &RawValue) -> Result<NewEvent> {
    let input: EventInput<'_> = serde_json::from_str(json.get()).map_err(|error| json_refused(&error))?;
    let event = input.into_event(None)?;
    event.check()?;
    Ok(event)
}

fn cursor(input: CursorInput) -> Result<CursorMove> {
    let to = match (input.to, input.remove) {
        (Some(to), false) => CursorTarget::To(to),
        (None, true) => CursorTarget::Removed,
        _ => return Err(Error::invalid("a cursor has either `to` or `remove`")),
    };
    Ok(cursor_move(input.name, input.expect, to, input.force))
}

fn record(input: RecordInput<'_>) -> Result<RecordChange> {
    let value = match (input.value, input.value_base64, input.remove) {
        (Some(json), None, false) => Some(Bytes::copy_from_slice(json.get().as_bytes())),
        (None, Some(text), false) => Some(decode_base64(&text)?),
        (None, None, true) => None,
        _ => return Err(Error::invalid("a record has one of `value`, `value_base64` and `remove`")),
    };
    let expect = match input.expect {
        Some(version) => RecordExpect::Version(version),
        None if input.force => RecordExpect::Any,
        None => RecordExpect::Absent,
    };
    Ok(RecordChange { key: input.key, expect, value })
}

fn receipt_response(receipt: &Receipt, events: &[(eventweir::EventId, ChannelName)]) -> Response {
    let mut out = Vec::with_capacity(96 + 120 * events.len());
    out.extend_from_slice(b"{\"events\":[");
    for (at, (appended, (id, channel))) in receipt.events.iter().zip(events).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_appended(&mut out, appended.sequence, appended.duplicate, id);
        out.extend_from_slice(b",\"channel\":");
        eventweir::json::push_string(&mut out, channel.as_str());
        out.push(b'}');
    }
    // Writing to a vector cannot fail.
    let _ = write!(out, "],\"position\":\"{}\",\"repeated\":{}}}", receipt.position(), receipt.repeated);
    response::json(StatusCode::OK, out)
}
