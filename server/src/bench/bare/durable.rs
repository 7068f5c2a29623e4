//! A publish that is synced to the disk before its answer, with the plain design behind it and nothing else.

use super::{DURABLE, created};
use crate::bench::data;
use crate::bench::plain::{CHECKPOINT, PlainLog, Row};
use crate::failure::Result;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

struct Durable {
    log: PlainLog,
    number: AtomicU64,
}

pub(super) fn router(file: &Path) -> Result<Router> {
    let durable = Durable { log: PlainLog::create(file, CHECKPOINT)?, number: AtomicU64::new(0) };
    Ok(Router::new().route(DURABLE, post(append)).with_state(Arc::new(durable)))
}

async fn append(State(durable): State<Arc<Durable>>, body: Bytes) -> Response {
    let number = durable.number.fetch_add(1, Ordering::Relaxed);
    let row = Row { channel: data::channel_of(number), id: data::event_id(number), data: body };
    match durable.log.append(vec![row]).await {
        Ok(sequence) => created(sequence),
        Err(failure) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}
