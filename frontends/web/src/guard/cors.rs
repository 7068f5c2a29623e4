//! Tells browsers that a page of another origin, which is allowed, may read an answer.

use super::Visitor;
use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// Ten minutes: a changed configuration is felt soon.
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("600");
/// All of them: requests carry no cookies, so browsers take the star at its word.
const EXPOSED: HeaderValue = HeaderValue::from_static("*");

/// Answers the question that a browser asks before an allowed page's request; `None` if the request is no such question.
pub(crate) fn preflight(method: &Method, headers: &HeaderMap, visitor: &Visitor) -> Option<Response> {
    let Visitor::Foreign(_) = visitor else { return None };
    if method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let allowed = response.headers_mut();
    allowed.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    allowed.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    // The page is trusted, so whatever headers it wants to send are too. A star would leave out Authorization.
    if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        allowed.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    if headers.contains_key(REQUEST_PRIVATE_NETWORK) {
        allowed.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    Some(response)
}

/// Adds to an answer what its visitor's browser needs, where answers may differ by origin.
pub(crate) fn add_headers(headers: &mut HeaderMap, visitor: &Visitor) {
    // Also where the visitor is no page: a cache must not give this answer to one.
    headers.append(VARY, HeaderValue::from_name(ORIGIN));
    if let Visitor::Foreign(origin) = visitor {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}
