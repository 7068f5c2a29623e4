//! Reading until there is something to answer: RSE has no way to tell progress without events.

use eventweir::{Direction, Gap, Page, ReadQuery, Result, Sequence, Session, Start};
use std::time::Duration;

/// Reads until as many events as asked for are there, or no more are, or they are as long as a page may be.
///
/// `more` of the page that comes back says that it was cut.
pub(super) async fn find(session: &Session, query: &ReadQuery, wait: Duration) -> Result<Page> {
    let mut found = session.poll(query, wait).await?;
    let mut rest = query.clone();
    rest.max_bytes = rest.max_bytes.min(session.broker().limits().max_page_bytes);
    let mut taken = 0;
    while found.more && found.events.len() < query.limit {
        let fresh = bytes(&found) - taken;
        if fresh >= rest.max_bytes {
            break;
        }
        rest.max_bytes -= fresh;
        taken += fresh;
        rest.limit = query.limit - found.events.len();
        go_on(&mut rest, &found);
        let next = session.read(&rest).await?;
        if next.bounds.epoch != found.bounds.epoch {
            // Begun anew meanwhile: ids of two incarnations are not mixed, the next poll tells.
            break;
        }
        absorb(&mut found, next);
    }
    Ok(found)
}

/// Returns whether a cursor is greater than any id that the log ever gave out: it is of another log.
pub(super) async fn is_beyond(
    session: &Session,
    query: &ReadQuery,
    cursor: Sequence,
    page: &Page,
) -> Result<bool> {
    if cursor <= page.bounds.head {
        return Ok(false);
    }
    // What this broker keeps in memory may be behind what another wrote. With an end, a query is answered by the store.
    let fresh = session.read(&query.clone().with_limit(1).with_until(Sequence::MAX)).await?;
    Ok(cursor > fresh.bounds.head)
}

fn go_on(rest: &mut ReadQuery, found: &Page) {
    match rest.direction {
        Direction::Ascending => rest.start = Start::At(found.position()),
        Direction::Descending => rest.until = Some(found.through.previous()),
    }
}

fn absorb(found: &mut Page, next: Page) {
    found.events.extend(next.events);
    (found.through, found.more) = (next.through, next.more);
    found.gap = match (found.gap, next.gap) {
        (Some(first), Some(second)) => {
            Some(Gap { resume_at: first.resume_at.max(second.resume_at), ..first })
        }
        (first, second) => first.or(second),
    };
}

fn bytes(page: &Page) -> usize {
    page.events.iter().map(|event| event.data.len() + event.headers.bytes()).sum()
}
