//! Wrong about what an event holds.

use super::Fault;
use eventweir::{Commit, Headers, Page, ReadQuery, Timestamp};

/// Keeps no headers.
#[derive(Debug, Default)]
pub(crate) struct HeadersLost;

impl Fault for HeadersLost {
    fn spoil_commit(&self, commit: &mut Commit) {
        commit.append.iter_mut().for_each(|event| event.headers = Headers::default());
    }
}

/// Keeps data as text.
#[derive(Debug, Default)]
pub(crate) struct DataAsText;

impl Fault for DataAsText {
    fn spoil_commit(&self, commit: &mut Commit) {
        for event in &mut commit.append {
            event.data = String::from_utf8_lossy(&event.data).into_owned().into();
        }
    }
}

/// Takes an event without data for one that was removed.
#[derive(Debug, Default)]
pub(crate) struct EmptyIsGone;

impl Fault for EmptyIsGone {
    fn spoil_page(&self, _query: &ReadQuery, page: &mut Page) {
        page.events.retain(|event| !event.data.is_empty());
    }
}

/// Keeps whole seconds.
#[derive(Debug, Default)]
pub(crate) struct TimeInSeconds;

impl Fault for TimeInSeconds {
    fn spoil_commit(&self, commit: &mut Commit) {
        for event in &mut commit.append {
            event.time = Timestamp::from_millis(event.time.as_millis() / 1000 * 1000);
        }
    }
}
