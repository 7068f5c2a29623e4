//! Compares a page.

use super::check_bounds;
use crate::failure::ensure_law;
use crate::storage::model::{Model, size};
use crate::{Failure, Law};
use eventweir::{Bounds, Direction, Epoch, Event, Gap, Page, ReadQuery, Reset, Sequence, Start};

/// Checks that a page is right: what it holds, how far it says it reaches, and what it tells.
pub(crate) fn check_page(model: &Model, epoch: Epoch, query: &ReadQuery, page: &Page) -> Result<(), Failure> {
    check_bounds(model, epoch, &page.bounds)?;
    let asked = Asked::new(query, &page.bounds);
    check_told(model, query, &asked, page)?;
    check_sequences(query.direction, page)?;
    check_limits(query, page)?;
    check_reach(query.direction, &asked, page)?;
    check_events(model, query, &asked, page)
}

/// What a query asks for: the sequences above `after`, up to `until`.
struct Asked {
    after: Sequence,
    until: Sequence,
    tell: bool,
    reset: Option<Reset>,
}

impl Asked {
    fn new(query: &ReadQuery, bounds: &Bounds) -> Self {
        let (after, tell, reset) = match query.start {
            Start::Earliest => (Sequence::ZERO, false, None),
            Start::Latest => (bounds.head, false, None),
            Start::After(sequence) => (sequence, true, None),
            Start::At(position) if position.epoch == bounds.epoch => (position.sequence, true, None),
            Start::At(refused) => (Sequence::ZERO, false, Some(Reset { refused, epoch: bounds.epoch })),
        };
        let until = query.until.unwrap_or(bounds.head).min(bounds.head);
        Self { after, until, tell, reset }
    }
}

fn check_told(model: &Model, query: &ReadQuery, asked: &Asked, page: &Page) -> Result<(), Failure> {
    ensure_law!(
        Law::Told,
        page.reset == asked.reset,
        "the page should tell the reset {:?}, and tells {:?}",
        asked.reset,
        page.reset
    );
    let missed = |to: Option<Sequence>| to.filter(|to| asked.tell && *to > asked.after);
    let meant = missed(model.removed_to(&query.selector));
    // A driver may have forgotten what was meant, and then tells of everything that was removed.
    let at_most = missed(model.removed_to(&eventweir::Selector::all()));
    match (page.gap, meant, at_most) {
        (None, None, _) => Ok(()),
        (None, Some(to), _) => Err(Failure::of(
            Law::Told,
            format!("events up to {to} were removed after {}, and the page tells no gap", asked.after),
        )),
        (Some(gap), _, None) => {
            Err(Failure::of(Law::Told, format!("nothing was missed, and the page tells {gap:?}")))
        }
        (Some(gap), meant, Some(at_most)) => check_gap(asked, gap, meant, at_most),
    }
}

fn check_gap(asked: &Asked, gap: Gap, meant: Option<Sequence>, at_most: Sequence) -> Result<(), Failure> {
    let enough = meant.is_none_or(|to| gap.resume_at > to);
    ensure_law!(
        Law::Told,
        gap.after == asked.after && enough && gap.resume_at <= at_most.next(),
        "the gap after {} ends with {:?} (all removed: {at_most}), and the page tells {gap:?}",
        asked.after,
        meant.unwrap_or(at_most)
    );
    Ok(())
}

/// Checks what needs no model: one direction, and no sequence twice.
pub(crate) fn check_sequences(direction: Direction, page: &Page) -> Result<(), Failure> {
    for pair in page.events.windows(2) {
        let (one, next) = match direction {
            Direction::Ascending => (pair[0].sequence, pair[1].sequence),
            Direction::Descending => (pair[1].sequence, pair[0].sequence),
        };
        ensure_law!(Law::NoDuplicate, one != next, "the page holds the sequence {one} twice");
        ensure_law!(Law::Order, one < next, "the page holds {:?} out of order", sequences(&page.events));
    }
    Ok(())
}

fn check_limits(query: &ReadQuery, page: &Page) -> Result<(), Failure> {
    let count = page.events.len();
    ensure_law!(
        Law::Isolation,
        count <= query.limit.max(1),
        "the page holds {count} events, and {} were asked for",
        query.limit
    );
    // The event that reaches the limit is still in the page; so is the first one, whatever its size.
    let before_last: usize = page.events.iter().rev().skip(1).map(|event| size(event)).sum();
    ensure_law!(
        Law::Isolation,
        count <= 1 || before_last < query.max_bytes,
        "the page went on after {before_last} bytes, and {} were asked for",
        query.max_bytes
    );
    Ok(())
}

fn check_reach(direction: Direction, asked: &Asked, page: &Page) -> Result<(), Failure> {
    let (through, more) = (page.through, page.more);
    let (right, end) = match direction {
        Direction::Ascending => {
            let end = asked.until.max(asked.after);
            (if more { through > asked.after && through <= end } else { through == end }, end)
        }
        Direction::Descending => {
            let end = asked.after.next();
            (if more { through >= end && through <= asked.until } else { through == end }, end)
        }
    };
    ensure_law!(
        Law::NoMiss,
        right,
        "the page says through {through} (more: {more}), which is no progress or is beyond {end}, where it ends"
    );
    Ok(())
}

fn check_events(model: &Model, query: &ReadQuery, asked: &Asked, page: &Page) -> Result<(), Failure> {
    let (after, until) = match query.direction {
        Direction::Ascending => (asked.after, page.through.min(asked.until)),
        Direction::Descending => (page.through.previous().max(asked.after), asked.until),
    };
    let mut expected = model.selected(&query.selector, after, until);
    if query.direction == Direction::Descending {
        expected.reverse();
    }
    if expected.len() == page.events.len()
        && expected.iter().zip(&page.events).all(|(want, have)| **want == **have)
    {
        return Ok(());
    }
    Err(difference(&expected, page))
}

/// Says in which way a page is not as expected.
fn difference(expected: &[&Event], page: &Page) -> Failure {
    let want: Vec<u64> = expected.iter().map(|event| event.sequence.get()).collect();
    let have = sequences(&page.events);
    let through = page.through;
    if want != have {
        let lost: Vec<_> = want.iter().filter(|sequence| !have.contains(sequence)).collect();
        let unexpected: Vec<_> = have.iter().filter(|sequence| !want.contains(sequence)).collect();
        return Failure::of(
            Law::NoMiss,
            format!(
                "the page should hold {want:?} and holds {have:?} (through {through}); lost: {lost:?}, unexpected: {unexpected:?}"
            ),
        );
    }
    let changed = expected.iter().zip(&page.events).find(|(want, have)| **want != &***have);
    let Some((want, have)) = changed else { return Failure::of(Law::Honest, "an event was changed") };
    Failure::of(Law::Honest, format!("an event was changed: committed was {want:?}, and read is {have:?}"))
}

fn sequences(events: &[std::sync::Arc<Event>]) -> Vec<u64> {
    events.iter().map(|event| event.sequence.get()).collect()
}
