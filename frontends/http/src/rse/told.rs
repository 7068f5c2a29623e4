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
    pub(super) fn add_to(&self, headers: &mut HeaderMap, config: &RseConfig, retention: &Retention) {
        let page = self.page;
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(EPOCH, answer::epoch(page.bounds.epoch));
        headers.insert(CURSOR, self.next_cursor().get().into());
        headers.insert(MAX_WAIT, config.max_wait_seconds.into());
        let interval = match page.more && self.direction == Direction::Ascending {
            true => 0,
            false => config.advised_seconds(!page.events.is_empty(), retention),
        };
        headers.insert(POLL_INTERVAL, interval.into());
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
