//! Subscriptions: history, then live, without a seam.

use super::Session;
use crate::live::{Batch, Listener, Taken};
use crate::{Action, Delivery, Page, Position, ReadQuery, Result, Sequence, Start};
use std::sync::Arc;
use std::time::Instant;

/// Events read from the store at once when the subscriber is behind the tail.
const PAGE_EVENTS: usize = 256;
const PAGE_BYTES: usize = 256 << 10;

/// Follows a selection. Holds nothing but its place: what it has not taken yet stays in the log.
///
/// A subscriber that keeps up is served from the tail's memory; one that falls behind, or starts in the past, reads pages of
/// the store until it is back. Either way it gets every retained event of its selection once and in order, or a gap or reset
/// that tells it otherwise.
#[derive(Debug)]
pub struct Subscription {
    session: Session,
    listener: Listener,
    place: Place,
    /// What a page brought beside its gap or reset.
    pending: Option<Arc<Batch>>,
    checked: Instant,
}

/// Says where a subscription is.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Where the subscriber asked to start; only the store can tell what that means.
    Start(Start),
    /// After this position of an incarnation that was seen.
    After(Position),
}

impl Subscription {
    pub(super) fn new(session: Session, listener: Listener, start: Start) -> Self {
        let bounds = listener.tail.bounds();
        let place = match start {
            Start::At(position) if position.epoch == bounds.epoch => Place::After(position),
            Start::After(sequence) => Place::After(Position::new(bounds.epoch, sequence)),
            Start::Earliest | Start::Latest | Start::At(_) => Place::Start(start),
        };
        session.broker().metrics().subscriptions.inc();
        Self { session, listener, place, pending: None, checked: Instant::now() }
    }

    /// Returns the position that a new subscription would have to start at to go on from here; `None` before the first step
    /// of one that started elsewhere.
    pub fn position(&self) -> Option<Position> {
        match (&self.pending, self.place) {
            (Some(batch), _) => Some(batch.after()),
            (None, Place::After(position)) => Some(position),
            (None, Place::Start(_)) => None,
        }
    }

    /// Waits for what comes next; `None` once the broker has shut down.
    ///
    /// # Errors
    /// When the store cannot be read, or the right to read was taken away. The subscription stays where it was: call again
    /// to try again.
    ///
    /// # Cancel safety
    /// May be dropped and called again; nothing is lost or repeated.
    pub async fn next(&mut self) -> Option<Result<Delivery>> {
        loop {
            if let Some(batch) = self.pending.take() {
                return Some(Ok(self.deliver(batch)));
            }
            if self.listener.tail.is_closed() {
                return None;
            }
            // Before looking, so that nothing can come unseen between the look and the wait.
            let grown = self.listener.grown();
            let taken = match self.place {
                Place::Start(_) => Taken::Behind,
                Place::After(position) => self.listener.tail.take(&self.listener.feed, position),
            };
            match taken {
                Taken::Nothing(through) => {
                    self.place = self.place.moved_to(through);
                    grown.await;
                }
                Taken::Batch(batch) => {
                    drop(grown);
                    if let Err(error) = self.recheck().await {
                        return Some(Err(error));
                    }
                    return Some(Ok(self.deliver(batch)));
                }
                Taken::Behind | Taken::OtherEpoch => {
                    drop(grown);
                    match self.read_on().await {
                        Ok(Some(delivery)) => return Some(Ok(delivery)),
                        Ok(None) => {}
                        Err(error) => return Some(Err(error)),
                    }
                }
            }
        }
    }

    /// Returns whether there is nothing to deliver now, so that [`next`](Self::next) would wait without asking the store.
    ///
    /// Moves the [`position`](Self::position) over what does not match: a subscription that waits is not woken by that, so its
    /// position may lag behind. Call it to tell a client that has nothing to get how far it has come.
    pub fn is_current(&mut self) -> bool {
        let Place::After(position) = self.place else { return false };
        if self.pending.is_some() {
            return false;
        }
        match self.listener.tail.take(&self.listener.feed, position) {
            Taken::Nothing(through) => {
                self.place = self.place.moved_to(through);
                true
            }
            Taken::Batch(_) | Taken::Behind | Taken::OtherEpoch => false,
        }
    }

    /// Asks again whether the subscriber may read, if it was not asked lately. Called by itself before every delivery; call it
    /// to end a subscription that has nothing to deliver.
    ///
    /// # Errors
    /// What the [`Auth`](crate::Auth) answers.
    pub async fn recheck(&mut self) -> Result<()> {
        if self.checked.elapsed() >= self.session.broker().limits().recheck {
            self.session.authorize(&Action::Read(self.listener.selector())).await?;
            self.checked = Instant::now();
        }
        Ok(())
    }

    fn deliver(&mut self, batch: Arc<Batch>) -> Delivery {
        self.place = Place::After(batch.position());
        self.session.broker().metrics().delivered(batch.events().len());
        Delivery::Events(batch)
    }

    /// Reads a page of the store, and tells what it has to tell before its events.
    async fn read_on(&mut self) -> Result<Option<Delivery>> {
        self.recheck().await?;
        let start = match self.place {
            Place::Start(start) => start,
            Place::After(position) => Start::At(position),
        };
        let query = ReadQuery::new(self.listener.selector().clone(), start)
            .with_limit(PAGE_EVENTS)
            .with_max_bytes(PAGE_BYTES);
        let page = self.session.read_on(&self.listener.tail, &query).await?;
        // Else the tail, which has not noticed yet, would send the subscriber back to the store at once.
        self.listener.tail.meet(page.bounds.epoch).await?;
        Ok(self.take_page(start, page))
    }

    fn take_page(&mut self, start: Start, page: Page) -> Option<Delivery> {
        let after = Position::new(page.bounds.epoch, page.begun_after(start));
        let position = page.position();
        let told = match (page.reset, page.gap) {
            (Some(reset), _) => Some(Delivery::Reset(reset)),
            (None, Some(gap)) => Some(Delivery::Gap(gap)),
            (None, None) => None,
        };
        self.place = Place::After(position);
        if !page.events.is_empty() {
            self.pending = Some(Arc::new(Batch::new(page.events, after, position)));
        }
        told
    }
}

impl Place {
    fn moved_to(self, through: Sequence) -> Self {
        match self {
            Self::After(position) => Self::After(Position { sequence: through, ..position }),
            Self::Start(_) => self,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.session.broker().metrics().subscriptions.dec();
    }
}
