//! Wrong about publishing.

use super::ClientFault;
use eventweir::{Error, ErrorKind, EventId, NewEvent, Result, async_trait};
use eventweir_conformance::{Client, Published};

/// Gives each try an id of its own.
#[derive(Debug, Default)]
pub(crate) struct NewIdForEachTry;

#[async_trait]
impl ClientFault for NewIdForEachTry {
    async fn publish(&mut self, inner: &mut dyn Client, events: &[NewEvent]) -> Result<Vec<Published>> {
        let events: Vec<_> = events.iter().map(|event| event.clone().with_id(EventId::generate())).collect();
        inner.publish(&events).await
    }
}

/// Publishes a batch event by event.
#[derive(Debug, Default)]
pub(crate) struct SplitsBatches;

#[async_trait]
impl ClientFault for SplitsBatches {
    async fn publish(&mut self, inner: &mut dyn Client, events: &[NewEvent]) -> Result<Vec<Published>> {
        let mut published = Vec::new();
        for event in events {
            published.extend(inner.publish(std::slice::from_ref(event)).await?);
            crate::storage::linger().await;
        }
        Ok(published)
    }
}

/// Takes no refusal for an answer.
#[derive(Debug, Default)]
pub(crate) struct IgnoresRefusals;

#[async_trait]
impl ClientFault for IgnoresRefusals {
    async fn publish(&mut self, inner: &mut dyn Client, events: &[NewEvent]) -> Result<Vec<Published>> {
        let unanswered = vec![Published { sequence: None, duplicate: None }; events.len()];
        Ok(inner.publish(events).await.unwrap_or(unanswered))
    }
}

/// Says that what may have happened has not.
#[derive(Debug, Default)]
pub(crate) struct TakesUnknownForNo;

#[async_trait]
impl ClientFault for TakesUnknownForNo {
    async fn publish(&mut self, inner: &mut dyn Client, events: &[NewEvent]) -> Result<Vec<Published>> {
        let no = |error: Error| Error::new(ErrorKind::Unavailable, error.message().to_owned());
        inner.publish(events).await.map_err(no)
    }
}
