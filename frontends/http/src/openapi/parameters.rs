//! Parameters of requests.

use serde_json::{Value, json};

/// Describes a parameter.
pub(super) struct Parameter {
    name: &'static str,
    place: Place,
    kind: Kind,
    about: &'static str,
}

#[derive(PartialEq, Eq)]
enum Place {
    Path,
    Query,
    Header,
}

enum Kind {
    Text,
    /// A whole number in a range.
    Number(u64, u64),
    OneOf(&'static [&'static str]),
    /// Text that may stand there several times.
    Texts,
}

impl Parameter {
    const fn query(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, place: Place::Query, kind, about }
    }

    const fn header(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, place: Place::Header, kind, about }
    }

    const fn path(name: &'static str, about: &'static str) -> Self {
        Self { name, place: Place::Path, kind: Kind::Text, about }
    }

    pub(super) fn describe(&self) -> Value {
        let place = match self.place {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        };
        let schema = match self.kind {
            Kind::Text => json!({"type": "string"}),
            Kind::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
            Kind::OneOf(words) => json!({"type": "string", "enum": words}),
            Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
        };
        json!({
            "name": self.name,
            "in": place,
            "required": self.place == Place::Path,
            "schema": schema,
            "description": self.about
        })
    }
}

const MAX_SEQUENCE: u64 = i64::MAX as u64;

pub(super) const CHANNEL: Parameter =
    Parameter::path("channel", "The channel without its first slash; its own slashes stand as they are.");
pub(super) const CONSUMER: Parameter = Parameter::path("name", "The consumer's name, percent-encoded.");
pub(super) const STREAM: Parameter = Parameter::path("stream", "The stream's name.");

pub(super) const AFTER: Parameter = Parameter::query(
    "after",
    Kind::Text,
    "Where to go on: a position, a sequence, `earliest` (for pages unless given) or `latest` (for event streams unless given).",
);
pub(super) const UNTIL: Parameter =
    Parameter::query("until", Kind::Number(0, MAX_SEQUENCE), "Only events at or below this sequence.");
pub(super) const LIMIT: Parameter =
    Parameter::query("limit", Kind::Number(1, 1000), "The greatest number of entries; 100 unless given.");
pub(super) const ORDER: Parameter =
    Parameter::query("order", Kind::OneOf(&["asc", "desc"]), "Oldest first unless given.");
pub(super) const WAIT: Parameter = Parameter::query(
    "wait",
    Kind::Number(0, crate::events::MAX_WAIT_SECONDS),
    "How many seconds to wait for an event when there is none.",
);
pub(super) const MATCH: Parameter = Parameter::query(
    "match",
    Kind::OneOf(&["exact", "subtree", "ancestors", "pattern"]),
    "What the channel in the path means; `exact` unless given.",
);
pub(super) const MORE_CHANNELS: Parameter = Parameter::query(
    "channel",
    Kind::Texts,
    "Further channels: `/a`, `subtree:/a`, `ancestors:/a`, or a path with stars.",
);
pub(super) const EXCEPT: Parameter =
    Parameter::query("except", Kind::Text, "Leaves out the events of this source.");
pub(super) const IN_STREAM: Parameter = Parameter::query(
    "stream",
    Kind::Text,
    "The stream, where rules spread channels over several: all its channels are then meant unless some are named; for consumers, `main` unless given.",
);
pub(super) const AFTER_NAME: Parameter =
    Parameter::query("after", Kind::Text, "The last name of the page before.");

pub(super) const IDEMPOTENCY_KEY: Parameter = Parameter::header(
    "Idempotency-Key",
    Kind::Text,
    "The event's id, or that of the whole batch: sent again, nothing is published twice.",
);
pub(super) const EVENT_ID: Parameter =
    Parameter::header("Event-Id", Kind::Text, "Another name of Idempotency-Key.");
pub(super) const EVENT_SOURCE: Parameter =
    Parameter::header("Event-Source", Kind::Text, "The publishing client.");
pub(super) const EVENT_HEADER: Parameter = Parameter::header(
    "Event-Header-NAME",
    Kind::Text,
    "Gives the event the header NAME; any number of them.",
);
pub(super) const EXPECT_HEAD: Parameter = Parameter::header(
    "Expect-Head",
    Kind::Number(0, MAX_SEQUENCE),
    "The stream's head must be this sequence; else 412.",
);
pub(super) const EXPECT_CHANNEL_HEAD: Parameter = Parameter::header(
    "Expect-Channel-Head",
    Kind::Number(0, MAX_SEQUENCE),
    "The channel's last sequence must be this, 0 for none; else 412.",
);
