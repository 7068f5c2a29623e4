//! `/v1/channels`: which channels there are.

use crate::api::{Api, STREAM, only_stream, path_behind};
use crate::events::limit;
use crate::{response, streams};
use axum::extract::{Request, State};
use axum::response::Response;
use eventweir::json::push_string;
use eventweir::{ChannelInfo, ChannelName, Error, ErrorKind, Result, Selector};
use eventweir_web::{Problem, Query, channel_of_path, selector_of_query};
use http::StatusCode;
use std::io::Write;

const BEGINNING: &str = "/v1/channels";

/// Lists channels that have retained events, by name.
pub(crate) async fn list(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let query = Query::parse(parts.uri.query())?;
    query.check_keys(&[&["channel", "after", "limit", STREAM]])?;
    let (after, limit) = (query.parsed::<ChannelName>("after")?, limit(&api, &query)?);
    let selector = selector_of_query(&query)?;
    let session = api.session_in(&parts.headers, &query).await?;
    let channels = session.channels(&selector, after.as_ref(), limit).await?;
    let mut out = Vec::with_capacity(64 + 96 * channels.len());
    out.extend_from_slice(b"{\"channels\":[");
    for (at, channel) in channels.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_channel(&mut out, channel);
    }
    // Writing to a vector cannot fail.
    let _ = write!(out, "],\"more\":{}}}", channels.len() == limit);
    Ok(response::read(&parts.headers, response::JSON, out).await)
}

/// Shows a channel.
pub(crate) async fn show(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let query = only_stream(request.uri())?;
    let channel = channel_of_path(path_behind(request.uri(), BEGINNING))?;
    let session = api.session_in(request.headers(), &query).await?;
    let found = session.channels(&Selector::exact(channel.clone()), None, 1).await?;
    let info = found.first().ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("the channel {channel} has no retained events"))
    })?;
    let mut out = Vec::with_capacity(160);
    push_channel(&mut out, info);
    Ok(response::json(StatusCode::OK, out))
}

/// Removes every event of a channel.
pub(crate) async fn remove(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let query = only_stream(request.uri())?;
    let channel = channel_of_path(path_behind(request.uri(), BEGINNING))?;
    let session = api.session_in(request.headers(), &query).await?;
    Ok(streams::removed(session.delete_channel(&channel).await?))
}

fn push_channel(out: &mut Vec<u8>, channel: &ChannelInfo) {
    out.extend_from_slice(b"{\"name\":");
    push_string(out, channel.name.as_str());
    // Writing to a vector cannot fail.
    let _ =
        write!(out, ",\"events\":{},\"first\":{},\"last\":{}}}", channel.events, channel.first, channel.last);
}
