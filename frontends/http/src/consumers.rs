//! `/v1/consumers`: durable cursors, moved by compare-and-set.

use crate::api::{Api, STREAM, only_stream};
use crate::events::limit;
use crate::place::{Place, StartInput};
use crate::{body, response};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use eventweir::json::push_string;
use eventweir::{
    Commit, Cursor, CursorExpect, CursorMove, CursorName, CursorTarget, Error, ErrorKind, Position, Result,
    Sequence, Session, Start, StreamName,
};
use eventweir_web::{Problem, Query};
use http::StatusCode;
use serde::Deserialize;
use std::io::Write;

/// Lists the cursors.
pub(crate) async fn list(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let query = Query::parse(parts.uri.query())?;
    query.check_keys(&[&["after", "limit", STREAM]])?;
    let (after, limit) = (query.parsed::<CursorName>("after")?, limit(&api, &query)?);
    let session = api.session_in(&parts.headers, &query).await?;
    let stream = query.parsed::<StreamName>(STREAM)?.unwrap_or_else(StreamName::main);
    let cursors = session.cursors(&stream, after.as_ref(), limit).await?;
    let mut out = Vec::with_capacity(64 + 96 * cursors.len());
    out.extend_from_slice(b"{\"consumers\":[");
    for (at, cursor) in cursors.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_cursor(&mut out, cursor);
        out.push(b'}');
    }
    // Writing to a vector cannot fail.
    let _ = write!(out, "],\"more\":{}}}", cursors.len() == limit);
    Ok(response::read(&parts.headers, response::JSON, out).await)
}

/// Shows a cursor.
pub(crate) async fn show(
    State(api): State<Api>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let query = only_stream(request.uri())?;
    let name = CursorName::new(&name)?;
    let session = api.session_in(request.headers(), &query).await?;
    let cursor = session.cursor(&name).await?.ok_or_else(|| absent(&name))?;
    let now = session.cursor_head(&name).await?;
    Ok(described(StatusCode::OK, &cursor, now))
}

/// Says where a cursor is to be. `expect` is where it is now, and none when it is not there yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    after: StartInput,
    expect: Option<Place>,
    #[serde(default)]
    force: bool,
}

/// Creates or moves a cursor.
pub(crate) async fn put(
    State(api): State<Api>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, raw) = request.into_parts();
    let query = only_stream(&parts.uri)?;
    let name = CursorName::new(&name)?;
    let session = api.session_in(&parts.headers, &query).await?;
    let put: Put = body::small_json(&parts.headers, raw).await?;
    let to = match put.after.0 {
        Start::Earliest => Sequence::ZERO,
        Start::Latest => session.cursor_head(&name).await?.sequence,
        Start::After(sequence) => sequence,
        Start::At(position) => Place::Position(position).sequence(&session, &name).await?,
    };
    let expect = match put.expect {
        Some(place) => Some(place.sequence(&session, &name).await?),
        None => None,
    };
    let step = cursor_move(name, expect, CursorTarget::To(to), put.force);
    let created = expect.is_none() && !put.force;
    move_and_show(&session, step, if created { StatusCode::CREATED } else { StatusCode::OK }).await
}

/// Says from where to where a consumer has worked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    from: Place,
    to: Place,
}

/// Moves a cursor on.
pub(crate) async fn commit(
    State(api): State<Api>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, raw) = request.into_parts();
    let query = only_stream(&parts.uri)?;
    let name = CursorName::new(&name)?;
    let session = api.session_in(&parts.headers, &query).await?;
    let advance: Advance = body::small_json(&parts.headers, raw).await?;
    let from = advance.from.sequence(&session, &name).await?;
    let to = advance.to.sequence(&session, &name).await?;
    move_and_show(&session, CursorMove::advance(name, from, to), StatusCode::OK).await
}

/// Removes a cursor.
pub(crate) async fn remove(
    State(api): State<Api>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let query = only_stream(request.uri())?;
    let name = CursorName::new(&name)?;
    let session = api.session_in(request.headers(), &query).await?;
    session.cursor(&name).await?.ok_or_else(|| absent(&name))?;
    session.commit(Commit::new().with_cursor(CursorMove::remove(name))).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// Makes the move that JSON describes: from where `expect` says, which is nowhere when it is none; with `force` and no
/// `expect`, from anywhere.
pub(crate) fn cursor_move(
    name: CursorName,
    expect: Option<Sequence>,
    to: CursorTarget,
    force: bool,
) -> CursorMove {
    let expect = match expect {
        Some(sequence) => CursorExpect::At(sequence),
        None if force => CursorExpect::Anywhere,
        None => CursorExpect::Absent,
    };
    let mut step = CursorMove::new(name, expect, to);
    step.forced = force;
    step
}

async fn move_and_show(session: &Session, step: CursorMove, status: StatusCode) -> Result<Response, Problem> {
    let name = step.name.clone();
    let receipt = session.commit(Commit::new().with_cursor(step)).await?;
    // What is shown is what is there by now, should another have moved it since.
    let cursor = session.cursor(&name).await?.ok_or_else(|| absent(&name))?;
    Ok(described(status, &cursor, receipt.position()))
}

fn described(status: StatusCode, cursor: &Cursor, now: Position) -> Response {
    let mut out = Vec::with_capacity(160);
    push_cursor(&mut out, cursor);
    // Writing to a vector cannot fail.
    let _ = write!(out, ",\"position\":\"{}\"}}", Position::new(now.epoch, cursor.sequence));
    response::json(status, out)
}

/// Begins the object of a cursor; the caller ends it.
fn push_cursor(out: &mut Vec<u8>, cursor: &Cursor) {
    out.extend_from_slice(b"{\"name\":");
    push_string(out, cursor.name.as_str());
    // Writing to a vector cannot fail.
    let _ = write!(out, ",\"sequence\":{},\"moved\":\"{}\"", cursor.sequence, cursor.moved);
}

fn absent(name: &CursorName) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no consumer {name:?}"))
}
