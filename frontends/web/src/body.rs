//! Bodies of requests: bounded in length, and in the time they may stand still.

use crate::Problem;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Reads a request's body to its end.
///
/// A body that says beforehand that it is longer than `limit` bytes is refused unread, and no memory is taken for bytes that
/// have not arrived.
///
/// # Errors
/// `body_too_large` (413), `body_timeout` (408) when the client stands still for longer than the server's
/// [`body_timeout`](crate::WebConfig::body_timeout), `body_incomplete` (400) when it stops.
pub async fn read_body(mut body: Body, limit: u64) -> Result<Bytes, Problem> {
    check_announced(&body, limit)?;
    let Some(first) = next_chunk(&mut body).await? else { return Ok(Bytes::new()) };
    check_length(first.len(), limit)?;
    let Some(second) = next_chunk(&mut body).await? else { return Ok(first) };
    let mut whole = BytesMut::from(first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        check_length(whole.len() + chunk.len(), limit)?;
        whole.extend_from_slice(&chunk);
        next = next_chunk(&mut body).await?;
    }
    Ok(whole.freeze())
}

/// Refuses a body whose length, as far as it is known before reading, is above a limit.
pub(crate) fn check_announced(body: &impl HttpBody, limit: u64) -> Result<(), Problem> {
    if body.size_hint().lower() > limit { Err(too_large(limit)) } else { Ok(()) }
}

fn check_length(length: usize, limit: u64) -> Result<(), Problem> {
    if length as u64 > limit { Err(too_large(limit)) } else { Ok(()) }
}

async fn next_chunk(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    while let Some(frame) = body.frame().await {
        // Trailers carry nothing that a handler reads.
        if let Ok(chunk) = frame.map_err(|error| problem_of(&error))?.into_data() {
            return Ok(Some(chunk));
        }
    }
    Ok(None)
}

fn too_large(limit: u64) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("the body is longer than {limit} bytes, the most that is allowed here"),
    )
}

/// Finds what ended a body among the causes of an error, for layers wrap them.
fn problem_of(error: &axum::Error) -> Problem {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref() {
            Some(BodyError::TooLarge { limit }) => return too_large(*limit),
            Some(BodyError::TimedOut { patience }) => return timed_out(*patience),
            Some(BodyError::Incomplete(_)) => break,
            None => cause = error.source(),
        }
    }
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body_incomplete",
        "the body ended before it was complete, or its chunks are malformed",
    )
}

fn timed_out(patience: Duration) -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_timeout",
        format!("no byte of the body came within {patience:?}, the longest that is waited for one"),
    )
    .with_retryable(true)
}

/// Says why a body ended early.
#[derive(Debug)]
pub(crate) enum BodyError {
    TooLarge { limit: u64 },
    TimedOut { patience: Duration },
    Incomplete(hyper::Error),
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge { .. } => "the body is too large",
            Self::TimedOut { .. } => "the body stood still",
            Self::Incomplete(_) => "the body is incomplete",
        })
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Incomplete(error) => Some(error),
            _ => None,
        }
    }
}

/// Guards a request's body on its way to a handler, however the handler reads it.
pub(crate) struct GuardedBody {
    incoming: Incoming,
    remaining: u64,
    limit: u64,
    patience: Duration,
    /// Set once the body had to be waited for: most bodies are there before their handler asks.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl GuardedBody {
    pub(crate) fn new(incoming: Incoming, limit: u64, patience: Duration) -> Self {
        Self { incoming, remaining: limit, limit, patience, waiting: None }
    }

    fn take(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyError> {
        let length = frame.data_ref().map_or(0, Bytes::len) as u64;
        self.remaining =
            self.remaining.checked_sub(length).ok_or(BodyError::TooLarge { limit: self.limit })?;
        Ok(frame)
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        let patience = self.patience;
        let sleep = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(BodyError::TimedOut { patience })
    }
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
            return self.poll_patience(cx).map(|error| Some(Err(error)));
        };
        let patience = self.patience;
        if let Some(sleep) = &mut self.waiting {
            sleep.as_mut().reset(Instant::now() + patience);
        }
        Poll::Ready(
            frame.map(|frame| frame.map_err(BodyError::Incomplete).and_then(|frame| self.take(frame))),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
