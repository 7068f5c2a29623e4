//! What the broker's tests share.

use eventweir::{
    Broker, BrokerBuilder, ChannelName, Credentials, Delivery, Event, Limits, NewEvent, Session, Subscription,
};
use eventweir_memory::MemoryStorage;
use std::sync::Arc;
use std::time::Duration;

/// Long enough for any machine; only a failure ever waits for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) fn channel(name: &str) -> ChannelName {
    ChannelName::new(name).unwrap()
}

pub(crate) fn event(name: &str, data: impl ToString) -> NewEvent {
    NewEvent::new(channel(name), data.to_string())
}

pub(crate) fn text(event: &Event) -> String {
    String::from_utf8(event.data.to_vec()).unwrap()
}

pub(crate) fn builder() -> BrokerBuilder {
    Broker::builder().storage(MemoryStorage::new())
}

pub(crate) async fn session(broker: &Broker) -> Session {
    broker.session(&Credentials::Anonymous).await.unwrap()
}

/// A tail that holds so little that readers fall behind it all the time.
pub(crate) fn tiny_tail() -> Limits {
    let mut limits = Limits::default();
    limits.max_tail_events = 8;
    limits.max_tail_channels = 4;
    limits
}

/// Waits for the next delivery.
pub(crate) async fn next(subscription: &mut Subscription) -> Delivery {
    let delivery = tokio::time::timeout(DEADLINE, subscription.next()).await;
    delivery.expect("a delivery within the deadline").expect("the broker is open").unwrap()
}

/// Waits for the next events, and fails on anything else.
pub(crate) async fn next_events(subscription: &mut Subscription) -> Vec<Arc<Event>> {
    match next(subscription).await {
        Delivery::Events(batch) => batch.events().to_vec(),
        other => panic!("events were expected, not {other:?}"),
    }
}

/// Collects until an event with this data has come, which is included.
pub(crate) async fn until_sentinel(subscription: &mut Subscription, sentinel: &str) -> Vec<Arc<Event>> {
    let mut all = Vec::new();
    loop {
        all.extend(next_events(subscription).await);
        if all.iter().any(|event| event.data == sentinel) {
            return all;
        }
    }
}
