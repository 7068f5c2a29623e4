//! What an RSE client is told when something goes wrong: `{ "message": "..." }`.

use axum::response::{IntoResponse, Response};
use eventweir::{Effect, Error, json};
use eventweir_web::Problem;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use std::borrow::Cow;

const X_RSE_EFFECT: HeaderName = HeaderName::from_static("x-rse-effect");

/// Refuses a request.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: Cow<'static, str>,
    header: Option<(HeaderName, &'static str)>,
    may_have_happened: bool,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into(), header: None, may_have_happened: false }
    }

    pub(super) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn forbidden(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// The protocol gives this one no message.
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "").with_header(WWW_AUTHENTICATE, "Bearer")
    }

    /// Nor this one.
    pub(super) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "").with_header(RETRY_AFTER, "1")
    }

    pub(super) fn method(verb: &Method, allow: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, verb.as_str().to_owned()).with_header(ALLOW, allow)
    }

    fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        match problem.status() {
            StatusCode::UNAUTHORIZED => Self::unauthorized(),
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(),
            status => Self::new(status, problem.detail().to_owned()),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let may_have_happened = error.effect() == Effect::Unknown;
        Self { may_have_happened, ..Problem::from(error).into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = b"{ \"message\": ".to_vec();
        json::push_string(&mut body, &self.message);
        body.extend_from_slice(b" }");
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, super::answer::JSON);
        headers.insert(CACHE_CONTROL, super::answer::NO_STORE);
        headers.extend(self.header.map(|(name, value)| (name, HeaderValue::from_static(value))));
        if self.may_have_happened {
            headers.insert(X_RSE_EFFECT, HeaderValue::from_static("unknown"));
        }
        response
    }
}
