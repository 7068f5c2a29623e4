//! Errors, with the three answers: what happened, whether to come again, and whether it may have happened.

use super::call::Answer;
use eventweir::{Effect, Error, ErrorKind};
use serde::Deserialize;
use std::borrow::Cow;
use std::error::Error as StdError;

type Cause = Box<dyn StdError + Send + Sync>;

/// No connection was there: nothing was sent.
pub(super) fn unreachable(cause: impl Into<Cause>) -> Error {
    Error::new(ErrorKind::Unavailable, "the broker cannot be reached").with_source(cause)
}

/// The connection failed when something had been sent.
pub(super) fn cut_off(cause: impl Into<Cause>) -> Error {
    Error::new(ErrorKind::Unavailable, "the connection failed before the answer was whole")
        .with_effect(Effect::Unknown)
        .with_source(cause)
}

/// The answer did not come in time.
pub(super) fn late() -> Error {
    Error::new(ErrorKind::Timeout, "the broker did not answer in time").with_effect(Effect::Unknown)
}

/// Something answered that cannot be understood.
pub(super) fn not_understood(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, format!("the answer cannot be understood: {why}"))
        .with_effect(Effect::Unknown)
}

/// The part of a problem document that a program looks at.
#[derive(Deserialize)]
struct Problem<'a> {
    #[serde(borrow)]
    detail: Cow<'a, str>,
    #[serde(borrow)]
    code: Cow<'a, str>,
    retryable: bool,
    #[serde(borrow)]
    effect: Cow<'a, str>,
}

/// Reads a refusal of the native API. What is no problem document comes from something in between, and is guessed at by its
/// status.
pub(super) fn refused(answer: &Answer) -> Error {
    problem(&answer.body).unwrap_or_else(|| by_status(answer, ""))
}

/// Reads a problem document; `None` when it is none.
pub(super) fn problem(body: &[u8]) -> Option<Error> {
    let problem: Problem<'_> = serde_json::from_slice(body).ok()?;
    let effect = match &*problem.effect {
        "not_applied" => Effect::NotApplied,
        _ => Effect::Unknown,
    };
    let error = Error::new(kind(&problem.code), format!("{}: {}", problem.code, problem.detail));
    Some(error.with_retryable(problem.retryable).with_effect(effect))
}

/// Judges a refusal by its status alone. Only what the client is to blame for certainly had no effect.
pub(super) fn by_status(answer: &Answer, said: &str) -> Error {
    let status = answer.status.as_u16();
    let (kind, effect) = match status {
        400 | 405 | 415 => (ErrorKind::InvalidInput, Effect::NotApplied),
        401 => (ErrorKind::Unauthenticated, Effect::NotApplied),
        403 => (ErrorKind::PermissionDenied, Effect::NotApplied),
        404 => (ErrorKind::NotFound, Effect::NotApplied),
        409 | 412 => (ErrorKind::Conflict, Effect::NotApplied),
        413 | 414 | 431 => (ErrorKind::TooLarge, Effect::NotApplied),
        429 => (ErrorKind::LimitExceeded, Effect::NotApplied),
        408 | 504 => (ErrorKind::Timeout, Effect::Unknown),
        502 | 503 => (ErrorKind::Unavailable, Effect::Unknown),
        507 => (ErrorKind::StorageFull, Effect::Unknown),
        _ => (ErrorKind::Internal, Effect::Unknown),
    };
    Error::new(kind, format!("the broker answered {status}: {said:?}")).with_effect(effect)
}

/// Finds a kind by the word that the wire has for it.
fn kind(code: &str) -> ErrorKind {
    let kinds = [
        ErrorKind::InvalidInput,
        ErrorKind::TooLarge,
        ErrorKind::LimitExceeded,
        ErrorKind::Unauthenticated,
        ErrorKind::PermissionDenied,
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::Unsupported,
        ErrorKind::Config,
        ErrorKind::Unavailable,
        ErrorKind::Timeout,
        ErrorKind::StorageFull,
        ErrorKind::ReadOnly,
        ErrorKind::Corrupt,
        ErrorKind::Closed,
    ];
    match code {
        "method_not_allowed" | "unsupported_encoding" => ErrorKind::InvalidInput,
        "body_too_large" => ErrorKind::TooLarge,
        "body_timeout" => ErrorKind::Timeout,
        _ => kinds.into_iter().find(|kind| kind.code() == code).unwrap_or(ErrorKind::Internal),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails by a panic")]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    fn answer(status: u16, body: &'static str) -> Answer {
        let (status, body) = (StatusCode::from_u16(status).unwrap(), Bytes::from_static(body.as_bytes()));
        Answer { status, headers: HeaderMap::new(), body }
    }

    #[test]
    fn a_problem_answers_all_three_questions() {
        let body = r#"{"title":"x","status":503,"detail":"slow","code":"timeout","retryable":true,"effect":"unknown"}"#;
        let error = refused(&answer(503, body));
        assert_eq!(
            (error.kind(), error.is_retryable(), error.effect()),
            (ErrorKind::Timeout, true, Effect::Unknown)
        );
        let body = r#"{"detail":"no","code":"conflict","retryable":false,"effect":"not_applied"}"#;
        let error = refused(&answer(412, body));
        assert_eq!(
            (error.kind(), error.is_retryable(), error.effect()),
            (ErrorKind::Conflict, false, Effect::NotApplied)
        );
    }

    #[test]
    fn what_is_no_problem_is_never_taken_for_harmless() {
        let error = refused(&answer(502, "<html>"));
        assert_eq!(
            (error.kind(), error.is_retryable(), error.effect()),
            (ErrorKind::Unavailable, true, Effect::Unknown)
        );
        assert_eq!(refused(&answer(500, "")).effect(), Effect::Unknown);
        assert_eq!(refused(&answer(404, "")).effect(), Effect::NotApplied);
    }
}
