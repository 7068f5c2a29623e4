//! Wrong about pages: what they hold, how far they reach, and when they end.

use super::{Fault, Store, linger};
use eventweir::{Direction, Page, ReadQuery, Result, Selector, Start, StreamName, async_trait};

/// Asks for a page of each scope, and puts the pages together.
#[derive(Debug, Default)]
pub(crate) struct LimitBeforeMerge;

#[async_trait]
impl Fault for LimitBeforeMerge {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        page.events.clear();
        for scope in query.selector.scopes() {
            let mut one = query.clone();
            one.selector = Selector::new([scope.clone()])?;
            let part = inner.read(stream, &one).await?;
            page.through = page.through.max(part.through);
            page.events.extend(part.events);
        }
        page.events.sort_by_key(|event| event.sequence);
        page.events.dedup_by_key(|event| event.sequence);
        page.events.truncate(query.limit);
        Ok(page)
    }
}

/// Cuts the page first, and selects afterwards; an empty page is the end.
#[derive(Debug, Default)]
pub(crate) struct LimitBeforeFilter;

#[async_trait]
impl Fault for LimitBeforeFilter {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let gap = inner.read(stream, query).await?.gap;
        let mut all = query.clone().with_limit(query.limit.saturating_mul(4));
        all.selector = Selector::all();
        let mut page = inner.read(stream, &all).await?;
        page.gap = gap;
        page.events.retain(|event| query.selector.matches(event));
        super::scan::cut(query, &mut page);
        page.more &= !page.events.is_empty();
        Ok(page)
    }
}

/// Reads the scopes one after the other, each as the log is by then.
#[derive(Debug, Default)]
pub(crate) struct ScopeByScope;

#[async_trait]
impl Fault for ScopeByScope {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let scopes = query.selector.scopes();
        let [first, rest @ ..] = scopes else { return inner.read(stream, query).await };
        if rest.is_empty() {
            return inner.read(stream, query).await;
        }
        let select = |scopes: &[eventweir::Scope]| Selector::new(scopes.to_vec());
        let whole = |selector| {
            let mut query = query.clone().with_limit(usize::MAX).with_max_bytes(usize::MAX);
            query.selector = selector;
            query
        };
        let early = inner.read(stream, &whole(select(std::slice::from_ref(first))?)).await?;
        linger().await;
        let gap = inner.read(stream, query).await?.gap;
        let mut page = inner.read(stream, &whole(select(rest)?)).await?;
        page.gap = gap;
        page.events.extend(early.events);
        page.events.retain(|event| query.selector.matches(event));
        page.events.sort_by_key(|event| event.sequence);
        page.events.dedup_by_key(|event| event.sequence);
        if query.direction == Direction::Descending {
            page.events.reverse();
        }
        super::scan::cut(query, &mut page);
        Ok(page)
    }
}

/// Asks for the events first, and for the head afterwards, when at least so many events came between.
#[derive(Debug, Default)]
pub(crate) struct HeadAfter<const EVENTS: u64>;

pub(crate) type HeadAfterEvents = HeadAfter<0>;
/// Only beside busy publishers, so that it is found by what is lost, not by a reader who waits for ever.
pub(crate) type HeadAfterMany = HeadAfter<3>;

#[async_trait]
impl<const EVENTS: u64> Fault for HeadAfter<EVENTS> {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        let to_the_end = !page.more && query.until.is_none() && query.direction == Direction::Ascending;
        if to_the_end {
            linger().await;
            let bounds = inner.bounds(stream).await?;
            if bounds.head >= page.bounds.head.plus(EVENTS) {
                page.bounds = bounds;
                page.through = page.through.max(bounds.head);
            }
        }
        Ok(page)
    }
}

/// Says that a page reaches the head when it was cut.
#[derive(Debug, Default)]
pub(crate) struct PageReachesTooFar;

impl Fault for PageReachesTooFar {
    fn spoil_page(&self, _query: &ReadQuery, page: &mut Page) {
        page.through = page.bounds.head;
    }
}

/// Reads on one event too far below, newest first.
#[derive(Debug, Default)]
pub(crate) struct DescendingBorder;

impl Fault for DescendingBorder {
    fn spoil_page(&self, query: &ReadQuery, page: &mut Page) {
        if query.direction == Direction::Descending && page.more {
            page.through = page.through.previous();
        }
    }
}

/// Takes an end that is included for one that is not.
#[derive(Debug, Default)]
pub(crate) struct UntilExcluded;

impl Fault for UntilExcluded {
    fn spoil_page(&self, query: &ReadQuery, page: &mut Page) {
        page.events.retain(|event| query.until.is_none_or(|until| event.sequence < until));
    }
}

/// Skips the event after a page's last one.
#[derive(Debug, Default)]
pub(crate) struct ResumesOneTooFar;

impl Fault for ResumesOneTooFar {
    fn spoil_query(&self, query: &mut ReadQuery) {
        if let Start::At(position) = &mut query.start {
            position.sequence = position.sequence.next();
        }
    }
}

/// Ends a page before an event that is larger than the page.
#[derive(Debug, Default)]
pub(crate) struct LargeEventStops;

impl Fault for LargeEventStops {
    fn spoil_page(&self, query: &ReadQuery, page: &mut Page) {
        let size = |event: &eventweir::Event| event.data.len() + event.headers.bytes();
        if page.events.first().is_some_and(|first| size(first) > query.max_bytes) {
            page.through = match query.direction {
                Direction::Ascending => page.events[0].sequence.previous(),
                Direction::Descending => page.events[0].sequence.next(),
            };
            page.events.clear();
            page.more = true;
        }
    }
}

/// Reads everything at once.
#[derive(Debug, Default)]
pub(crate) struct Limitless;

impl Fault for Limitless {
    fn spoil_query(&self, query: &mut ReadQuery) {
        (query.limit, query.max_bytes) = (usize::MAX, usize::MAX);
    }
}

/// Begins a page with the event that the reader has seen already.
#[derive(Debug, Default)]
pub(crate) struct Twice;

#[async_trait]
impl Fault for Twice {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut query = query.clone();
        if let Start::At(position) = &mut query.start {
            position.sequence = position.sequence.previous();
        }
        let mut page = inner.read(stream, &query).await?;
        if let Some(first) = page.events.first().cloned() {
            page.events.insert(0, first);
        }
        Ok(page)
    }
}

/// Panics in the middle of a read.
#[derive(Debug, Default)]
pub(crate) struct Panics;

impl Fault for Panics {
    #[allow(clippy::panic, reason = "this is the fault")]
    fn spoil_query(&self, _query: &mut ReadQuery) {
        panic!("index out of bounds, or so")
    }
}
