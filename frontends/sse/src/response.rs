//! Answering with an event stream.

use crate::follower::chunks;
use crate::{DataForm, SseConfig};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use eventweir::{Session, Subscription};
use eventweir_web::{ACCESS_TOKEN, Problem, Query, Selection};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};

/// Asks nginx, and those who follow it, not to hold the stream back.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers with what a subscription delivers, until the client goes or the broker shuts down.
pub fn respond(subscription: Subscription, form: DataForm, config: &SseConfig) -> Response {
    let headers =
        [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store"), (X_ACCEL_BUFFERING, "no")];
    (headers, Body::from_stream(chunks(subscription, form, config))).into_response()
}

/// Subscribes a session to what a request selects, and answers with its events.
///
/// `path` is the URL's path from the slash on that begins the channel, and empty for every channel. The query has the keys of [`Selection::of_stream`],
/// [`DataForm::KEY`], and `access_token`, which is left to the caller.
///
/// # Errors
/// What is wrong with the request, as [`Selection::of_stream`] and [`DataForm::of_query`] say; what the session answers.
pub async fn follow(
    session: &Session,
    path: &str,
    query: &Query,
    headers: &HeaderMap,
    config: &SseConfig,
) -> Result<Response, Problem> {
    let selection = Selection::of_stream(path, query, headers, &[DataForm::KEY, ACCESS_TOKEN])?;
    let form = DataForm::of_query(query)?;
    let subscription = session.subscribe(selection.selector, selection.start).await?;
    Ok(respond(subscription, form, config))
}
