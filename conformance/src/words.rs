//! The suite's own names, short to write.

#![allow(clippy::expect_used, reason = "the suite's own names keep the rules of names")]

use eventweir::{
    ChannelName, ChannelPattern, CommitId, CursorName, EventId, NewEvent, RecordKey, Scope, Selector,
    Sequence, Source, Timestamp,
};

pub(crate) fn channel(name: &str) -> ChannelName {
    ChannelName::new(name).expect("a channel name")
}

pub(crate) fn pattern(text: &str) -> ChannelPattern {
    ChannelPattern::new(text).expect("a pattern")
}

pub(crate) fn cursor(name: &str) -> CursorName {
    CursorName::new(name).expect("a cursor name")
}

pub(crate) fn key(name: &str) -> RecordKey {
    RecordKey::new(name).expect("a record key")
}

pub(crate) fn source(name: &str) -> Source {
    Source::new(name).expect("a source")
}

pub(crate) fn event_id(text: &str) -> EventId {
    EventId::new(text).expect("an event id")
}

pub(crate) fn commit_id(text: &str) -> CommitId {
    CommitId::new(text).expect("a commit id")
}

pub(crate) fn seq(number: u64) -> Sequence {
    Sequence::new(number).expect("a sequence")
}

pub(crate) fn scopes(scopes: impl IntoIterator<Item = Scope>) -> Selector {
    Selector::new(scopes).expect("a selector of a few scopes")
}

/// An event on a channel, taken now.
pub(crate) fn event(name: &str, data: impl Into<bytes::Bytes>) -> NewEvent {
    let mut event = NewEvent::new(channel(name), data);
    event.time = Timestamp::now();
    event
}
