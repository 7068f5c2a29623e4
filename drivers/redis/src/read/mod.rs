//! Pages of a stream.

mod page;
mod selection;

use crate::codec::meta::{FIELDS, Meta};
use crate::codec::{damaged, reply};
use crate::scripts;
use crate::storage::{ATTEMPTS, Inner, deleted_again_and_again};
use crate::streams::{Handle, Place};
use bytes::Bytes;
use eventweir::{Direction, ErrorKind, Page, ReadQuery, Result, Sequence, Start};
use redis::Value;
use selection::Selection;
use std::sync::atomic::Ordering;

/// No page is asked for with more events than this; `more` then says to go on.
const MOST_EVENTS: usize = 2000;
/// A page whose events fit into this, however large, is asked for without counting bytes inside Redis.
const SURELY_FITS: u64 = 4 << 20;

/// What Redis found, at one moment.
pub(crate) struct Found {
    meta: Meta,
    /// Entries of the log in the page's direction, meant or not.
    entries: Vec<Value>,
    /// The first sequence that is not among them though it may be meant.
    rest: Rest,
    /// The greatest removed sequence that is meant, if the script was asked for it.
    removed_to: Option<Sequence>,
}

/// What is behind the entries that were found.
enum Rest {
    Nothing,
    /// This sequence, and maybe more.
    From(Sequence),
    /// Perhaps something: so many entries came as were asked for.
    Unknown,
}

/// Reads a page.
pub(crate) async fn page(inner: &Inner, handle: &Handle, query: &ReadQuery) -> Result<Page> {
    inner.check_open()?;
    let selection = Selection::of(&query.selector);
    let mut after = guess(query.start);
    for _ in 0..ATTEMPTS {
        let place = inner.place(handle).await?;
        let ask = Ask { inner, handle, place: &place, query, selection: &selection, after };
        let Some(found) = ask.look().await? else { continue };
        let (start, reset, tell) = found.meta.resolve(query.start);
        // The start was not what it was taken for.
        if start != after && query.start != Start::Latest {
            after = start;
            continue;
        }
        return page::cut(query, found, page::Begin { after: start, reset, tell });
    }
    Err(deleted_again_and_again())
}

/// Where reading begins if the epoch is what the reader thinks.
fn guess(start: Start) -> Sequence {
    match start {
        Start::Earliest => Sequence::ZERO,
        Start::Latest => Sequence::MAX,
        Start::After(sequence) => sequence,
        Start::At(position) => position.sequence,
    }
}

/// One question to Redis.
struct Ask<'a> {
    inner: &'a Inner,
    handle: &'a Handle,
    place: &'a Place,
    query: &'a ReadQuery,
    selection: &'a Selection,
    after: Sequence,
}

impl Ask<'_> {
    /// `None` when the stream is another one by now.
    async fn look(&self) -> Result<Option<Found>> {
        let nothing_to_see = self.until() <= self.after;
        if self.selection.is_all() && (nothing_to_see || self.surely_fits())
            || self.query.start == Start::Latest
        {
            match self.whole_log(nothing_to_see).await {
                // A full Redis begins no transaction, but it runs scripts that write nothing.
                Err(error) if error.kind() == ErrorKind::StorageFull => {}
                found => return found,
            }
        }
        self.script().await
    }

    fn until(&self) -> Sequence {
        self.query.until.unwrap_or(Sequence::MAX)
    }

    /// One more than the page holds tells whether there are more.
    fn count(&self) -> usize {
        self.query.limit.clamp(1, MOST_EVENTS) + 1
    }

    fn surely_fits(&self) -> bool {
        // Attributes come on top of data and headers.
        let largest = self.handle.largest.load(Ordering::Relaxed).saturating_add(1024);
        let most = SURELY_FITS.max((self.query.max_bytes as u64).saturating_mul(2));
        largest.saturating_mul(self.count() as u64) <= most
    }

    async fn whole_log(&self, nothing_to_see: bool) -> Result<Option<Found>> {
        let mut commands = redis::pipe();
        commands.cmd("HMGET").arg(self.handle.meta()).arg(&FIELDS[..]);
        let count = self.count();
        if !nothing_to_see {
            let (low, high) = (self.after.next().to_string(), self.until().to_string());
            let (command, from, to) = match self.query.direction {
                Direction::Ascending => ("XRANGE", low, high),
                Direction::Descending => ("XREVRANGE", high, low),
            };
            commands.cmd(command).arg(self.place.log()).arg(from).arg(to).arg("COUNT").arg(count);
        }
        let mut answers = self.inner.link.snapshot(commands).await?.into_iter();
        let state = answers.next().ok_or_else(|| damaged("no answer"))?;
        let Some(meta) = Inner::present(self.handle, self.place, state)? else { return Ok(None) };
        let entries = answers.next().map_or(Ok(Vec::new()), reply::list)?;
        let rest = if entries.len() < count { Rest::Nothing } else { Rest::Unknown };
        Ok(Some(Found { meta, entries, rest, removed_to: None }))
    }

    async fn script(&self) -> Result<Option<Found>> {
        let place = self.place;
        let keys = [self.handle.meta(), place.log(), place.channels(), place.removed()];
        let flag = |set: bool| Bytes::from_static(if set { b"1" } else { b"0" });
        let args = [
            Bytes::from(place.incarnation.clone()),
            Bytes::from(self.after.to_string()),
            Bytes::from(self.until().to_string()),
            Bytes::from((self.count() - 1).to_string()),
            Bytes::from(self.query.max_bytes.to_string()),
            flag(self.query.direction == Direction::Descending),
            flag(!matches!(self.query.start, Start::Earliest)),
            Bytes::from(place.channel_stem()),
            self.selection.packed(),
        ];
        let answer = self.inner.link.read(&scripts::READ, &keys, &args).await?;
        let mut answer = reply::list(answer)?.into_iter();
        let state = answer.next().ok_or_else(|| damaged("no answer"))?;
        let Some(meta) = Inner::present(self.handle, place, state)? else { return Ok(None) };
        let mut next = || answer.next().ok_or_else(|| damaged("an answer"));
        let (removed_to, rest) = (reply::sequence(next()?)?, reply::sequence(next()?)?);
        let rest = if rest == Sequence::ZERO { Rest::Nothing } else { Rest::From(rest) };
        Ok(Some(Found { meta, entries: reply::list(next()?)?, rest, removed_to: Some(removed_to) }))
    }
}
