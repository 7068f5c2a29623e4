//! Text as it stands in URLs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write;

/// What stands for itself in a path and in a query.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b':');

/// Encodes a path; its slashes stay.
pub(super) fn path(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// Writes a query, key by key.
#[derive(Debug, Default)]
pub(super) struct Query(String);

impl Query {
    pub(super) fn with(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        let mark = if self.0.is_empty() { '?' } else { '&' };
        let value = value.to_string();
        // Writing to a string does not fail.
        let _ = write!(self.0, "{mark}{key}={}", utf8_percent_encode(&value, PLAIN));
        self
    }

    pub(super) fn behind(&self, path: &str) -> String {
        format!("{path}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_a_url_is_encoded() {
        let query = Query::default().with("channel", "/a/*").with("except", "x&y=1+ ä");
        assert_eq!(query.behind("/v1/events"), "/v1/events?channel=/a/%2A&except=x%26y%3D1%2B%20%C3%A4");
        assert_eq!(path("/a/ä?b"), "/a/%C3%A4%3Fb");
    }
}
