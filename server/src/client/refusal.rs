//! Calls that did not succeed.

use crate::failure::{Failure, with_causes};
use http::StatusCode;
use serde::Deserialize;

/// Says why a call did not succeed, and whether trying again makes sense.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) retryable: bool,
}

/// The part of a problem document that a client looks at.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    code: String,
    #[serde(default)]
    retryable: bool,
}

impl Refusal {
    /// No answer came.
    pub(super) fn unreachable(url: &str, error: &dyn std::error::Error) -> Self {
        let message = format!("the broker at {url} cannot be reached: {}", with_causes(error));
        Self { message, retryable: true }
    }

    /// An answer began, or should have, and did not come.
    pub(super) fn cut_off(url: &str, why: &str) -> Self {
        Self { message: format!("the broker at {url} {why}"), retryable: true }
    }

    /// Something answered that cannot be understood.
    pub(super) fn not_understood(url: &str, why: &str) -> Self {
        Self { message: format!("{url} does not answer like a weir broker: {why}"), retryable: false }
    }

    /// The broker ended a stream, and said why.
    pub(super) fn told(problem: &[u8]) -> Self {
        match serde_json::from_slice::<Problem>(problem) {
            Ok(problem) => Self {
                message: format!("the broker ended the stream ({}): {}", problem.code, problem.detail),
                retryable: problem.retryable,
            },
            Err(_) => Self { message: "the broker ended the stream".to_owned(), retryable: true },
        }
    }

    /// The broker said no.
    pub(super) fn answered(status: StatusCode, body: &[u8]) -> Self {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) => Self {
                message: format!(
                    "the broker refused ({}, {}): {}",
                    status.as_u16(),
                    problem.code,
                    problem.detail
                ),
                retryable: problem.retryable,
            },
            // Something between the broker and us.
            Err(_) => Self {
                message: format!("the answer was {status}"),
                retryable: matches!(status.as_u16(), 408 | 429 | 502 | 503 | 504),
            },
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::failed(refusal.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_and_a_proxy_is_guessed_at() {
        let body = br#"{"status":413,"detail":"too long","code":"too_large","retryable":false}"#;
        let refusal = Refusal::answered(StatusCode::PAYLOAD_TOO_LARGE, body);
        assert_eq!(refusal.message, "the broker refused (413, too_large): too long");
        assert!(!refusal.retryable);
        assert!(Refusal::answered(StatusCode::BAD_GATEWAY, b"<html>").retryable);
        assert!(!Refusal::answered(StatusCode::NOT_FOUND, b"<html>").retryable);
    }
}
