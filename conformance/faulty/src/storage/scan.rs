//! Pages of a selection of the fault's own.

use super::Store;
use eventweir::{Direction, Event, Page, ReadQuery, Result, Selector, StreamName};

/// Reads a page of the events that `means` says, right in everything else.
pub(crate) async fn scan(
    inner: &Store,
    stream: &StreamName,
    query: &ReadQuery,
    means: impl Fn(&Event) -> bool + Send,
) -> Result<Page> {
    let gap = inner.read(stream, query).await?.gap;
    let mut all = query.clone().with_limit(usize::MAX).with_max_bytes(usize::MAX);
    all.selector = Selector::all();
    let mut page = inner.read(stream, &all).await?;
    page.gap = gap;
    page.events.retain(|event| means(event));
    cut(query, &mut page);
    Ok(page)
}

/// Cuts a page to its limits.
pub(crate) fn cut(query: &ReadQuery, page: &mut Page) {
    let mut bytes = 0;
    let fits = |(number, event): &(usize, &std::sync::Arc<Event>)| {
        let fits = *number < query.limit.max(1) && (*number == 0 || bytes < query.max_bytes);
        bytes += event.data.len() + event.headers.bytes();
        fits
    };
    let count = page.events.iter().enumerate().take_while(fits).count();
    let Some(next) = page.events.get(count) else { return };
    page.more = true;
    page.through = match query.direction {
        Direction::Ascending => next.sequence.previous(),
        Direction::Descending => next.sequence.next(),
    };
    page.events.truncate(count);
}
