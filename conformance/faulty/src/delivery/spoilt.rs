//! What may be wrong with a client, and a client that is wrong so.

use eventweir::{NewEvent, Result, Selector, async_trait};
use eventweir_conformance::{Client, From, Place, Published, Told};
use std::fmt::Debug;

/// Says what is wrong. What is not said is right.
#[async_trait]
pub(crate) trait ClientFault: Debug + Default + Send + 'static {
    async fn publish(&mut self, inner: &mut dyn Client, events: &[NewEvent]) -> Result<Vec<Published>> {
        inner.publish(events).await
    }
    fn spoil_selector(&self, selector: &Selector) -> Selector {
        selector.clone()
    }
    /// `from` is where the reader begins.
    fn begin(&mut self, from: &From) {
        let _ = from;
    }
    fn spoil_told(&mut self, told: Vec<Told>) -> Vec<Told> {
        told
    }
    /// Says with which sequence another client goes on.
    fn spoil_place(&self, sequence: u64) -> u64 {
        sequence
    }
}

/// Makes a client wrong.
pub(crate) fn spoil_client<F: ClientFault>(inner: Box<dyn Client>) -> Box<dyn Client> {
    Box::new(Spoilt { fault: F::default(), inner })
}

#[derive(Debug)]
struct Spoilt<F> {
    fault: F,
    inner: Box<dyn Client>,
}

#[async_trait]
impl<F: ClientFault> Client for Spoilt<F> {
    async fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>> {
        self.fault.publish(&mut *self.inner, events).await
    }

    async fn follow(&mut self, selector: &Selector, from: &From) -> Result<()> {
        self.fault.begin(from);
        self.inner.follow(&self.fault.spoil_selector(selector), from).await
    }

    async fn next(&mut self) -> Result<Vec<Told>> {
        Ok(self.fault.spoil_told(self.inner.next().await?))
    }

    fn place(&self) -> Option<Place> {
        let place = self.inner.place()?;
        // Of a client in the broker's process, a place is a position.
        let moved = place.0.rsplit_once(':').and_then(|(epoch, sequence)| {
            let sequence = self.fault.spoil_place(sequence.parse().ok()?);
            Some(Place(format!("{epoch}:{sequence}")))
        });
        Some(moved.unwrap_or(place))
    }
}
