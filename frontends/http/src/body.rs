//! Bodies of requests.

use crate::event_input::json_refused;
use crate::gzip;
use axum::body::Body;
use bytes::Bytes;
use eventweir_web::{Problem, read_body};
use http::HeaderMap;
use serde::de::DeserializeOwned;

/// Greatest length of a body that holds no events.
const SMALL: u64 = 64 << 10;

/// Reads a small JSON object.
pub(crate) async fn small_json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let body = read(headers, body, SMALL).await?;
    Ok(serde_json::from_slice(&body).map_err(|error| json_refused(&error))?)
}

/// Reads a body of at most `most` bytes, as it is sent and once inflated.
pub(crate) async fn read(headers: &HeaderMap, body: Body, most: u64) -> Result<Bytes, Problem> {
    let body = read_body(body, most).await?;
    gzip::from_client(headers, body, most).await
}
