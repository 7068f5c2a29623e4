//! `GET /v1/events/{channel}`: a page, now or when there is something, or the live stream.

use super::BEGINNING;
use super::form::Form;
use super::page::{Onward, encode, gap_json, reset_json};
use crate::api::{Api, STREAM, in_stream_of, path_behind};
use crate::response;
use axum::extract::{Request, State};
use axum::response::Response;
use eventweir::{Direction, Page, ReadQuery, Sequence};
use eventweir_sse::DataForm;
use eventweir_web::{ACCESS_TOKEN, Problem, Query, Selection, credentials_or_query};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::time::Duration;

/// Greatest number of seconds that a request waits for an event.
pub(crate) const MAX_WAIT_SECONDS: u64 = 60;

const LIMIT: &str = "limit";
const UNTIL: &str = "until";
const ORDER: &str = "order";
const WAIT: &str = "wait";
const FILTER: &str = "filter";

const EVENT_POSITION: HeaderName = HeaderName::from_static("event-position");
const EVENT_MORE: HeaderName = HeaderName::from_static("event-more");
const EVENT_UNTIL: HeaderName = HeaderName::from_static("event-until");
const EVENT_GAP: HeaderName = HeaderName::from_static("event-gap");
const EVENT_RESET: HeaderName = HeaderName::from_static("event-reset");

/// Reads events, in the form that `Accept` names.
pub(crate) async fn read(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let query = Query::parse(parts.uri.query())?;
    if query.one(FILTER)?.is_some() {
        return Err(Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            eventweir::ErrorKind::Unsupported.code(),
            "this broker has no filters; select by channel",
        ));
    }
    match Form::of(&parts.headers) {
        Form::Stream => stream(&api, &parts, &query).await,
        form => page(&api, &parts, &query, form).await,
    }
}

async fn stream(api: &Api, parts: &Parts, query: &Query) -> Result<Response, Problem> {
    let path = path_behind(&parts.uri, BEGINNING);
    let keys = &[ACCESS_TOKEN, DataForm::KEY, STREAM];
    let data = DataForm::of_query(query)?;
    let selection = Selection::of_stream(path, query, &parts.headers, keys)?;
    let credentials = credentials_or_query(&parts.headers, query)?;
    let session = in_stream_of(api.broker().session(&credentials).await?, query).await?;
    let subscription = session.subscribe(selection.selector, selection.start).await?;
    Ok(eventweir_sse::respond(subscription, data, api.sse()))
}

async fn page(api: &Api, parts: &Parts, query: &Query, form: Form) -> Result<Response, Problem> {
    let (asked, wait) = page_query(api, path_behind(&parts.uri, BEGINNING), query)?;
    let session = api.session_in(&parts.headers, query).await?;
    let page = session.poll(&asked, wait).await?;
    let onward = Onward::of(&asked, &page);
    let body = encode(form, &page, &onward);
    let mut response = response::read(&parts.headers, form.content_type(), body).await;
    if form != Form::Page {
        say_in_headers(response.headers_mut(), &page, &onward);
    }
    Ok(response)
}

fn page_query(api: &Api, path: &str, query: &Query) -> Result<(ReadQuery, Duration), Problem> {
    let keys = &[LIMIT, UNTIL, ORDER, WAIT, STREAM];
    let selection = Selection::of_page(path, query, keys)?;
    let mut asked = ReadQuery::new(selection.selector, selection.start);
    asked.limit = limit(api, query)?;
    asked.until = query.parsed::<Sequence>(UNTIL)?;
    let orders = &[("asc", Direction::Ascending), ("desc", Direction::Descending)];
    asked.direction = query.choice(ORDER, orders)?.unwrap_or(Direction::Ascending);
    let wait = query.number(WAIT, 0..=MAX_WAIT_SECONDS)?;
    if wait.is_some() && (asked.until.is_some() || asked.direction == Direction::Descending) {
        return Err(Problem::invalid(
            "wait is only for what comes next: not with until, nor with order=desc",
        ));
    }
    Ok((asked, Duration::from_secs(wait.unwrap_or(0))))
}

/// Reads how many things a page may hold: 100 unless said.
pub(crate) fn limit(api: &Api, query: &Query) -> Result<usize, Problem> {
    let most = api.broker().limits().max_page_events;
    let limit = query.number(LIMIT, 1..=u64::try_from(most).unwrap_or(u64::MAX))?;
    Ok(limit.map_or(most.min(100), |limit| usize::try_from(limit).unwrap_or(most)))
}

/// A form that has no place for it gets in headers what a page says beside its events.
fn say_in_headers(headers: &mut HeaderMap, page: &Page, onward: &Onward) {
    let mut say = |name, text: String| headers.extend(HeaderValue::try_from(text).map(|value| (name, value)));
    say(EVENT_POSITION, onward.position.to_string());
    say(EVENT_MORE, page.more.to_string());
    if let Some(until) = onward.until {
        say(EVENT_UNTIL, until.to_string());
    }
    if let Some(gap) = &page.gap {
        say(EVENT_GAP, gap_json(gap));
    }
    if let Some(reset) = &page.reset {
        say(EVENT_RESET, reset_json(reset));
    }
}
