//! `/v1/streams`: what there is, what it takes, and letting go of it.

use crate::api::{Api, no_query};
use crate::{body, response};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use eventweir::{Error, ErrorKind, Result, Retention, Session, StreamName};
use eventweir_web::Problem;
use http::StatusCode;
use serde::Deserialize;
use std::io::Write;
use std::time::Duration;

/// Lists the streams.
pub(crate) async fn list(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    no_query(request.uri())?;
    let session = api.session(request.headers()).await?;
    let names = session.streams().await?;
    let mut out = b"{\"streams\":[".to_vec();
    for (at, name) in names.iter().enumerate() {
        // A stream's name needs no escapes, and writing to a vector cannot fail.
        let _ = write!(out, "{}\"{name}\"", if at > 0 { "," } else { "" });
    }
    out.extend_from_slice(b"]}");
    Ok(response::read(request.headers(), response::JSON, out).await)
}

/// Shows what a stream holds.
pub(crate) async fn show(
    State(api): State<Api>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    no_query(request.uri())?;
    let session = api.session(request.headers()).await?;
    let name = existing(&session, &name).await?;
    let usage = session.usage(&name).await?;
    let (bounds, mut out) = (usage.bounds, Vec::with_capacity(256));
    let _ = write!(
        out,
        "{{\"name\":\"{name}\",\"epoch\":\"{}\",\"first\":{},\"head\":{},\"position\":\"{}\",\"events\":{},\
         \"bytes\":{},\"channels\":{},\"consumers\":{}}}",
        bounds.epoch,
        bounds.first,
        bounds.head,
        bounds.position(),
        usage.events,
        usage.bytes,
        usage.channels,
        usage.cursors
    );
    Ok(response::json(StatusCode::OK, out))
}

/// Says what a stream is to keep, this once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trim {
    max_age_seconds: Option<u64>,
    max_events: Option<u64>,
    max_bytes: Option<u64>,
}

/// Removes the oldest events of a stream.
pub(crate) async fn trim(
    State(api): State<Api>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, raw) = request.into_parts();
    no_query(&parts.uri)?;
    let session = api.session(&parts.headers).await?;
    let trim: Trim = body::small_json(&parts.headers, raw).await?;
    let retention = Retention {
        max_age: trim.max_age_seconds.map(Duration::from_secs),
        max_events: trim.max_events,
        max_bytes: trim.max_bytes,
    };
    if retention.is_forever() {
        return Err(Problem::invalid("say what is to stay: max_age_seconds, max_events or max_bytes"));
    }
    let name = existing(&session, &name).await?;
    Ok(removed(session.trim(&name, &retention).await?))
}

/// Removes a stream with everything in it.
pub(crate) async fn remove(
    State(api): State<Api>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    no_query(request.uri())?;
    let session = api.session(request.headers()).await?;
    let name = existing(&session, &name).await?;
    session.delete_stream(&name).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// Answers how many events went.
pub(crate) fn removed(count: u64) -> Response {
    response::json(StatusCode::OK, format!("{{\"removed\":{count}}}").into_bytes())
}

/// Looks a stream up by name: asked for directly, a store would make it.
async fn existing(session: &Session, name: &str) -> Result<StreamName> {
    let name = StreamName::new(name)?;
    if !session.streams().await?.contains(&name) {
        return Err(Error::new(ErrorKind::NotFound, format!("there is no stream {name}")));
    }
    Ok(name)
}
