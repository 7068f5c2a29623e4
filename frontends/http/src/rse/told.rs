//! What a poll's answer tells beside its events, in headers, which older clients pass over.

use super::RseConfig;
use super::answer::{self, EPOCH, NO_STORE};
use eventweir::{Direction, Page, Retention, Sequence};
use http::header::{CACHE_CONTROL, HeaderMap};
use http::{HeaderName, HeaderValue};

const CURSOR: HeaderName = HeaderName::from_static("x-rse-cursor");
const MORE: HeaderName = HeaderName::from_static("x-rse-more");
const GAP: HeaderName = HeaderName::from_static("x-rse-gap");
const RESET: HeaderName = HeaderName::from_static("x-rse-reset");
const POLL_INTERVAL: HeaderName = HeaderName::from_static("x-rse-poll-interval");
const MAX_WAIT: HeaderName = HeaderName::from_static("x-rse-max-wait");

/// Our headers of an answer, at most.
const MOST_HEADERS: usize = 12;

/// Holds what every answer advises, written once.
pub(super) struct Advice {
    max_wait: HeaderValue,
    after_events: HeaderValue,
    after_none: HeaderValue,
}

impl Advice {
    pub(super) fn new(config: &RseConfig, retention: &Retention) -> Self {
        Self {
            max_wait: config.max_wait.as_secs().into(),
            after_events: config.advised_seconds(true, retention).into(),
            after_none: config.advised_seconds(false, retention).into(),
        }
    }
}

/// Says what a poll came to.
pub(super) struct Told<'a> {
    pub(super) page: &'a Page,
    pub(super) direction: Direction,
    /// The cursor that the client came with.
    pub(super) cursor: Sequence,
    /// Whether that cursor is of another log.
    pub(super) is_foreign: bool,
}

impl Told<'_> {
    pub(super) fn add_to(&self, headers: &mut HeaderMap, advice: &Advice) {
        let page = self.page;
        headers.reserve(MOST_HEADERS);
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(EPOCH, answer::epoch(page.bounds.epoch));
        headers.insert(CURSOR, self.next_cursor().get().into());
        headers.insert(MAX_WAIT, advice.max_wait.clone());
        headers.insert(POLL_INTERVAL, self.interval(advice));
        if page.more {
            headers.insert(MORE, HeaderValue::from_static("true"));
        }
        if let Some(gap) = page.gap {
            headers.insert(GAP, answer::text(format_args!("resume-at={}", gap.resume_at)));
        }
        if self.is_foreign || page.reset.is_some() {
            headers.insert(RESET, answer::text(format_args!("head={}", page.bounds.head)));
        }
    }

    fn interval(&self, advice: &Advice) -> HeaderValue {
        match self.page.events.is_empty() {
            _ if self.page.more && self.direction == Direction::Ascending => HeaderValue::from_static("0"),
            true => advice.after_none.clone(),
            false => advice.after_events.clone(),
        }
    }

    /// Returns the `last-known-id` to come with next. It may be above that of the last event, and never skips one.
    fn next_cursor(&self) -> Sequence {
        match self.direction {
            _ if self.is_foreign => Sequence::ZERO,
            Direction::Ascending => self.page.through,
            // The tail of what there is: what is older than a page that was cut has not been seen.
            Direction::Descending if self.page.more => match self.page.reset {
                Some(_) => Sequence::ZERO,
                None => self.cursor,
            },
            Direction::Descending => self.page.bounds.head.max(self.cursor),
        }
    }
}
