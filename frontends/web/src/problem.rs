//! What an HTTP client is told when something goes wrong.

use axum::response::{IntoResponse, Response};
use eventweir::{Effect, Error, ErrorKind};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// Holds a problem document (RFC 9457), `application/problem+json`.
///
/// Beside `type` (`about:blank`), `title`, `status` and `detail` it has `code`, a stable word for programs;
/// `retryable`, whether the same request may succeed later; and `effect`, `not_applied` or `unknown`: whether the refused
/// request may have been carried out all the same.
///
/// As a response it is never cached. A 401 names the scheme in `WWW-Authenticate`, and a 429 or 503 that is retryable says
/// when to come again in `Retry-After`.
#[derive(Clone, PartialEq, Eq)]
pub struct Problem(Box<Document>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Document {
    r#type: &'static str,
    title: &'static str,
    #[serde(serialize_with = "status_number")]
    status: StatusCode,
    detail: Cow<'static, str>,
    code: &'static str,
    retryable: bool,
    #[serde(serialize_with = "effect_word")]
    effect: Effect,
}

/// When to come again, unless the server knows better: overload and short outages pass in about this time.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

impl Problem {
    /// Describes a problem. It is not retryable and had no effect, unless said otherwise.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Document {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Unknown Problem"),
            status,
            detail: detail.into(),
            code,
            retryable: false,
            effect: Effect::NotApplied,
        }))
    }

    /// Describes a request that breaks a documented rule: 400, `invalid_input`.
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorKind::InvalidInput.code(), detail)
    }

    /// Sets the status, where a resource knows a better one than the error's kind: 412 for a failed precondition.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self.0.title = status.canonical_reason().unwrap_or("Unknown Problem");
        self
    }

    /// Sets whether the same request may succeed later.
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Sets whether the request may have been carried out.
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Returns the stable word for programs.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Returns the sentence for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Returns whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns the document as JSON on one line.
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of plain members always has a JSON form.
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.0.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE if self.0.retryable => {
                headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            _ => {}
        }
        headers
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0.status, self.headers(), self.to_json()).into_response()
    }
}

impl From<Error> for Problem {
    /// Tells an error to a client. What only the operator can mend is logged in full and told in general words.
    fn from(error: Error) -> Self {
        let status = status_of(error.kind());
        log(&error, status);
        let detail = match error.kind() {
            ErrorKind::Corrupt => "the store cannot be trusted; the log of the broker says more".into(),
            ErrorKind::Internal => "the broker failed; its log says more".into(),
            ErrorKind::Config => "the broker is not configured for this; its log says more".into(),
            _ => Cow::Owned(error.message().to_owned()),
        };
        Self::new(status, error.kind().code(), detail)
            .with_retryable(error.is_retryable())
            .with_effect(error.effect())
    }
}

fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::LimitExceeded => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Closed | ErrorKind::ReadOnly => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorKind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Logs what the broker is to blame for; what the client did is told to the client alone.
fn log(error: &Error, status: StatusCode) {
    match error.kind() {
        ErrorKind::Closed | ErrorKind::Unsupported => {}
        _ if status == StatusCode::INTERNAL_SERVER_ERROR => tracing::error!(?error, "a request failed"),
        _ if status.is_server_error() => tracing::warn!(?error, "a request failed"),
        _ => {}
    }
}

fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

fn effect_word<S: serde::Serializer>(effect: &Effect, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match effect {
        Effect::NotApplied => "not_applied",
        Effect::Unknown => "unknown",
    })
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_status_and_code() {
        for (kind, status) in [
            (ErrorKind::InvalidInput, 400),
            (ErrorKind::TooLarge, 413),
            (ErrorKind::LimitExceeded, 429),
            (ErrorKind::Unauthenticated, 401),
            (ErrorKind::PermissionDenied, 403),
            (ErrorKind::NotFound, 404),
            (ErrorKind::Conflict, 409),
            (ErrorKind::Unsupported, 501),
            (ErrorKind::Config, 500),
            (ErrorKind::Unavailable, 503),
            (ErrorKind::Timeout, 503),
            (ErrorKind::Closed, 503),
            (ErrorKind::StorageFull, 507),
            (ErrorKind::ReadOnly, 503),
            (ErrorKind::Corrupt, 500),
            (ErrorKind::Internal, 500),
        ] {
            let problem = Problem::from(Error::new(kind, "so it is"));
            assert_eq!((problem.status().as_u16(), problem.code()), (status, kind.code()));
        }
    }

    #[test]
    fn the_document_answers_all_questions_of_the_client() {
        let error = Error::new(ErrorKind::Timeout, "the store did not answer in time")
            .with_operation("storage.commit")
            .with_effect(Effect::Unknown)
            .with_source(std::io::Error::other("10.0.0.7 is silent"));
        let document: serde_json::Value = serde_json::from_slice(&Problem::from(error).to_json()).unwrap();
        assert_eq!(
            document,
            serde_json::json!({
                "type": "about:blank",
                "title": "Service Unavailable",
                "status": 503,
                "detail": "the store did not answer in time",
                "code": "timeout",
                "retryable": true,
                "effect": "unknown",
            })
        );
    }

    #[test]
    fn what_only_the_operator_can_mend_is_told_in_general_words() {
        for kind in [ErrorKind::Internal, ErrorKind::Corrupt, ErrorKind::Config] {
            let problem = Problem::from(Error::new(kind, "page 7 of /secret/events.db is damaged"));
            assert!(!problem.detail().contains("secret"), "{problem:?}");
        }
    }

    #[test]
    fn responses_say_how_to_go_on() {
        let answer = |error: Error| Problem::from(error).into_response();
        let unknown = answer(Error::new(ErrorKind::Unauthenticated, "no such token"));
        assert_eq!(unknown.headers()[WWW_AUTHENTICATE], "Bearer");
        assert_eq!(unknown.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(unknown.headers()[CACHE_CONTROL], "no-store");
        for kind in [ErrorKind::LimitExceeded, ErrorKind::Unavailable] {
            assert_eq!(answer(Error::new(kind, "later")).headers()[RETRY_AFTER], "1");
        }
        let read_only = answer(Error::new(ErrorKind::ReadOnly, "the file is read-only"));
        assert!(!read_only.headers().contains_key(RETRY_AFTER), "waiting would not help");
    }
}
