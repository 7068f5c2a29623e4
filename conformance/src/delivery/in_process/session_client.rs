//! A client in the broker's own process: a session and a subscription.

use crate::delivery::{Client, From, Place, Published, Seen, Told};
use async_trait::async_trait;
use eventweir::{
    Commit, Delivery, Error, ErrorKind, Event, NewEvent, Position, Result, Selector, Session, Start,
    Subscription,
};

#[derive(Debug)]
pub(super) struct SessionClient {
    session: Session,
    subscription: Option<Subscription>,
}

impl SessionClient {
    pub(super) fn new(session: Session) -> Self {
        Self { session, subscription: None }
    }
}

#[async_trait]
impl Client for SessionClient {
    async fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>> {
        let receipt = self.session.commit(Commit::append(events.iter().cloned())).await?;
        let placed = receipt.events.iter();
        Ok(placed
            .map(|placed| Published { sequence: Some(placed.sequence), duplicate: Some(placed.duplicate) })
            .collect())
    }

    async fn follow(&mut self, selector: &Selector, from: &From) -> Result<()> {
        let start = match from {
            From::Earliest => Start::Earliest,
            From::Latest => Start::Latest,
            From::At(place) => Start::At(place.0.parse::<Position>()?),
        };
        self.subscription = Some(self.session.subscribe(selector.clone(), start).await?);
        Ok(())
    }

    async fn next(&mut self) -> Result<Vec<Told>> {
        let Some(subscription) = &mut self.subscription else {
            return Err(Error::invalid("a client that follows nothing has nothing to wait for"));
        };
        match subscription.next().await {
            Some(Ok(Delivery::Events(batch))) => {
                Ok(batch.events().iter().map(|event| Told::Event(seen(event))).collect())
            }
            Some(Ok(Delivery::Gap(gap))) => Ok(vec![Told::Gap(Some(gap.resume_at))]),
            Some(Ok(Delivery::Reset(_))) => Ok(vec![Told::Reset]),
            Some(Err(error)) => Err(error),
            None => Err(Error::new(ErrorKind::Unavailable, "the broker has shut down")),
        }
    }

    fn place(&self) -> Option<Place> {
        let position = self.subscription.as_ref()?.position()?;
        Some(Place(position.to_string()))
    }
}

fn seen(event: &Event) -> Seen {
    Seen { sequence: Some(event.sequence), channel: Some(event.channel.clone()), data: event.data.clone() }
}
