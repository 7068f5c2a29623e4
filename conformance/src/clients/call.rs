//! One request, and its answer.

use bytes::Bytes;
use eventweir::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use std::time::Duration;

/// Describes a request.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query behind the broker's address, encoded.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// How long the broker may take by itself before it answers: that of a long poll.
    pub(super) wait: Duration,
}

impl Call {
    pub(super) fn new(method: Method, target: impl Into<String>) -> Self {
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        Self { method, target: target.into(), headers, body, wait: Duration::ZERO }
    }

    pub(super) fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    /// Sets a header.
    ///
    /// # Errors
    /// `InvalidInput` when the value cannot stand in a header.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Result<Self> {
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| Error::invalid(format!("{value:?} cannot be sent as {name}")))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    pub(super) fn with_body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    pub(super) fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

/// Holds a whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// Returns a header's text; `None` when it is not there, or is no text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
