//! The `User-Agent` header, which every request must have and which readers are shown.

use super::refusal::Refusal;
use http::header::USER_AGENT;
use http::{HeaderMap, StatusCode};
use std::borrow::Cow;

/// Greatest length of an agent text in bytes: it is kept with every event.
const MAX_BYTES: usize = 2048;
/// What stands before the client id.
const MARK: &str = "uuid/";

/// Holds the agent text of a request.
#[derive(Debug)]
pub(super) struct Agent<'a>(Cow<'a, str>);

impl<'a> Agent<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let bytes = headers.get(USER_AGENT).map(|value| value.as_bytes()).unwrap_or_default();
        if bytes.is_empty() {
            return Err(Refusal::bad_request("Missing header: User-Agent"));
        }
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::new(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The User-Agent header has at most 2048 bytes",
            ));
        }
        Ok(Self(plain(String::from_utf8_lossy(bytes))))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Returns what follows the first `uuid/`; `None` when there is no `uuid/` or nothing follows.
    pub(super) fn after_mark(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once(MARK)?;
        (!rest.is_empty()).then_some(rest)
    }
}

/// Makes the few control characters that a header can carry as UTF-8 visible, for events cannot.
fn plain(text: Cow<'_, str>) -> Cow<'_, str> {
    let hidden = |c: char| c.is_control() && c != '\t';
    if text.contains(hidden) { Cow::Owned(text.replace(hidden, "\u{fffd}")) } else { text }
}
