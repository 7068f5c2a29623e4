//! Polling a channel, with or without waiting, or following it as an event stream.

use super::agent::Agent;
use super::answer::{self, Form};
use super::call::Call;
use super::callback::Callback;
use super::client::ClientId;
use super::number::number;
use super::params::Params;
use super::refusal::Refusal;
use super::told::Told;
use super::{found, visitor};
use axum::response::{IntoResponse, Response};
use eventweir::{ChannelName, Direction, Epoch, Page, Position, ReadQuery, Selector, Sequence, Start};
use eventweir_sse::DataForm;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::time::Duration;

const EPOCH: HeaderName = answer::EPOCH;
const VERSION: HeaderName = HeaderName::from_static("x-rse-version");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The protocol as it was written down.
const FIRST_VERSION: HeaderValue = HeaderValue::from_static("2012-04-16");
/// The same, with the channel in every event.
const CHANNELS_VERSION: HeaderValue = HeaderValue::from_static("2026-11-01");

const DEFAULT_EVENTS: i128 = 200;
const MAX_EVENTS: i128 = 500;

/// Answers a poll.
pub(super) async fn answer(call: &Call<'_>) -> Result<Response, Refusal> {
    let channel = call.channel()?;
    let cut = Cut::of(call)?;
    let selector = selector(call, &channel)?;
    let callback = Callback::of(call.params, call.service.config.jsonp)?;
    if callback.is_some() && call.is_anonymous() {
        visitor::refuse_foreign_script(call.headers)?;
    }
    if callback.is_none() && wants_stream(call.headers) {
        return stream(call, selector, &cut).await;
    }
    let query = cut.query(selector);
    let wait = cut.wait_of(call, &query).await?;
    let mut page = found::find(call.session, &query, wait).await?;
    if !cut.has_cursor {
        // Who comes for the first time has missed nothing.
        page.gap = None;
    }
    let is_foreign = page.events.is_empty()
        && page.reset.is_none()
        && found::is_beyond(call.session, &query, cut.cursor, &page).await?;
    let version = version(call)?;
    let mut response = body(call, &channel, &page, callback.as_ref(), version == CHANNELS_VERSION);
    let told = Told { page: &page, direction: cut.direction, cursor: cut.cursor, is_foreign };
    told.add_to(response.headers_mut(), &call.service.advice);
    if version != FIRST_VERSION {
        response.headers_mut().insert(VERSION, version);
    }
    Ok(response)
}

fn body(
    call: &Call<'_>,
    channel: &ChannelName,
    page: &Page,
    callback: Option<&Callback<'_>>,
    channels: bool,
) -> Response {
    if page.events.is_empty() && callback.is_none() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let form = Form { now: call.service.broker.clock().now(), channels };
    let json = answer::container(channel.as_str(), &page.events, form);
    match callback {
        Some(callback) => answer::script(callback, &json),
        None => answer::json(json),
    }
}

/// Says which part of a selection is asked for.
pub(super) struct Cut {
    pub(super) cursor: Sequence,
    pub(super) direction: Direction,
    has_cursor: bool,
    epoch: Option<Epoch>,
    limit: usize,
    wait: Duration,
}

impl Cut {
    pub(super) fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        let params = call.params;
        let cursor = number(params, "last-known-id")?;
        let limit = number(params, "max-events")?.unwrap_or(DEFAULT_EVENTS);
        let sort = number(params, "sort")?;
        Ok(Self {
            cursor: sequence(cursor.unwrap_or(0))?,
            has_cursor: cursor.is_some(),
            direction: if sort == Some(-1) { Direction::Descending } else { Direction::Ascending },
            epoch: epoch(call.headers)?,
            limit: limit_of(limit)?,
            wait: wait(params)?.min(call.service.config.max_wait),
        })
    }

    /// Without an epoch the cursor is taken at its word.
    fn start(&self) -> Start {
        match self.epoch {
            Some(epoch) => Start::At(Position::new(epoch, self.cursor)),
            None => Start::After(self.cursor),
        }
    }

    pub(super) fn query(&self, selector: Selector) -> ReadQuery {
        ReadQuery::new(selector, self.start())
            .with_limit(self.limit)
            .with_direction(self.direction)
            .with_max_bytes(usize::MAX)
    }

    /// Returns how long to wait: a cursor that nothing can follow on is told at once.
    async fn wait_of(&self, call: &Call<'_>, query: &ReadQuery) -> Result<Duration, Refusal> {
        if self.wait.is_zero() || self.cursor <= call.session.head(&query.selector).await?.sequence {
            return Ok(self.wait);
        }
        Ok(Duration::ZERO)
    }
}

/// A negative cursor counts as zero.
fn sequence(number: i128) -> Result<Sequence, Refusal> {
    u64::try_from(number.max(0))
        .ok()
        .and_then(|number| Sequence::new(number).ok())
        .ok_or_else(|| Refusal::bad_request("Query parameter is too large: last-known-id"))
}

fn limit_of(number: i128) -> Result<usize, Refusal> {
    usize::try_from(number.min(MAX_EVENTS))
        .ok()
        .filter(|limit| *limit > 0)
        .ok_or_else(|| Refusal::bad_request("Query parameter is at least 1: max-events"))
}

fn wait(params: &Params<'_>) -> Result<Duration, Refusal> {
    let seconds = number(params, "wait")?.unwrap_or(0);
    u64::try_from(seconds.min(i128::from(u32::MAX)))
        .map(Duration::from_secs)
        .map_err(|_| Refusal::bad_request("Query parameter is at least 0: wait"))
}

fn epoch(headers: &HeaderMap) -> Result<Option<Epoch>, Refusal> {
    let Some(value) = headers.get(EPOCH) else { return Ok(None) };
    let epoch = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    epoch.map(Some).ok_or_else(|| Refusal::bad_request("Invalid header: X-RSE-Epoch"))
}

fn selector(call: &Call<'_>, channel: &ChannelName) -> Result<Selector, Refusal> {
    let params = call.params;
    let channel = channel.clone();
    let selector = match params.last("events")?.as_deref() {
        Some("parent") => Selector::ancestors(channel),
        Some("all") => Selector::subtree(channel),
        _ => Selector::exact(channel),
    };
    let agent = Agent::of(call.headers)?;
    if params.is_true("echo")? {
        return Ok(selector);
    }
    let client = ClientId::find(&agent, params)?;
    let client = ClientId::require(client, call.service.config.test_mode)?;
    Ok(selector.except(client.source(call.session.principal())?))
}

/// Finds the form of answer that a client asked for; unknown versions get the first, as ever.
fn version(call: &Call<'_>) -> Result<HeaderValue, Refusal> {
    let newer = call.headers.get(VERSION).is_some_and(|version| *version == CHANNELS_VERSION);
    let newer = newer || call.params.is_true("channels")?;
    Ok(if newer { CHANNELS_VERSION } else { FIRST_VERSION })
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split([',', ';']).any(|part| part.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// Follows the selection instead of polling it. A client that comes back says where it was by `Last-Event-ID`.
async fn stream(call: &Call<'_>, selector: Selector, cut: &Cut) -> Result<Response, Refusal> {
    let resumed = call.headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty());
    let start = match resumed {
        Some(value) => crate::header_text::of("last-event-id", value)?.parse()?,
        None if cut.has_cursor => cut.start(),
        None => Start::Earliest,
    };
    let subscription = call.session.subscribe(selector, start).await?;
    Ok(eventweir_sse::respond(subscription, DataForm::Json, &call.service.config.sse))
}
