//! Responses, written by hand into one buffer.

use crate::gzip;
use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const VARY_BY: HeaderValue = HeaderValue::from_static("accept, accept-encoding");

/// Answers with a body of a type.
pub(crate) fn of(status: StatusCode, content_type: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Answers with JSON that is never cached.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = of(status, JSON, body);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

/// Answers with no body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Answers a read: never cached, and compressed when the client takes that and there is enough to compress.
pub(crate) async fn read(request: &HeaderMap, content_type: HeaderValue, body: Vec<u8>) -> Response {
    let (body, encoding) = gzip::for_client(request, body).await;
    let mut response = of(StatusCode::OK, content_type, body);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(VARY, VARY_BY);
    if let Some(encoding) = encoding {
        headers.insert(http::header::CONTENT_ENCODING, encoding);
    }
    response
}
