//! What form a reader wants events in.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

/// Names the forms of a page, and the live stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON object with everything.
    Page,
    /// An event in each line.
    Lines,
    /// An array of CloudEvents.
    CloudEvents,
    /// Server-sent events.
    Stream,
}

impl Form {
    /// Reads `Accept`: the first type that is known here counts, and a page when there is none.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        headers
            .get_all(ACCEPT)
            .iter()
            .flat_map(|value| value.as_bytes().split(|b| *b == b','))
            .find_map(Self::named)
            .unwrap_or(Self::Page)
    }

    fn named(range: &[u8]) -> Option<Self> {
        let essence = range.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
        let is = |name: &str| essence.eq_ignore_ascii_case(name.as_bytes());
        if is("text/event-stream") {
            Some(Self::Stream)
        } else if is("application/x-ndjson") {
            Some(Self::Lines)
        } else if is("application/cloudevents-batch+json") {
            Some(Self::CloudEvents)
        } else if is("application/json") || is("*/*") {
            Some(Self::Page)
        } else {
            None
        }
    }

    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Page => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::CloudEvents => "application/cloudevents-batch+json",
            Self::Stream => "text/event-stream",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_type_counts() {
        let form = |accept| Form::of(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]));
        assert_eq!(form("text/html, application/x-ndjson;q=0.9, */*"), Form::Lines);
        assert_eq!(form("*/*, text/event-stream"), Form::Page);
        assert_eq!(form("Text/Event-Stream"), Form::Stream);
        assert_eq!(form("image/png"), Form::Page);
        assert_eq!(Form::of(&HeaderMap::new()), Form::Page);
    }
}
