//! Brokers that run, and what a test asks of them.

use crate::host::WeirProcess;
use crate::store::brokers_on;
use eventweir::{ChannelName, NewEvent, Selector};
use eventweir_conformance::{Address, Client, From, Host, Told, clients};
use std::time::Duration;
use tokio::time::timeout;

/// Generous: it may end a test and never passes one.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Three brokers on one store, which end with this.
pub(crate) struct Running {
    _brokers: Vec<WeirProcess>,
    pub(crate) addresses: Vec<Address>,
}

impl Running {
    /// Starts them. They look at the store once per `poll` when nobody wakes them.
    pub(crate) async fn start(url: &str, poll: &str) -> Self {
        let brokers = brokers_on(url, &["--set", &format!("broker.poll={poll}")]);
        let mut addresses = Vec::new();
        for broker in &brokers {
            addresses.push(broker.start().await.unwrap());
        }
        Self { _brokers: brokers, addresses }
    }

    /// Connects a client that publishes.
    pub(crate) async fn publisher(&self, broker: usize) -> Box<dyn Client> {
        clients::native_polling().connect(self.addresses[broker].clone()).await.unwrap()
    }

    /// Follows a channel by an event stream from now on.
    pub(crate) async fn follower(&self, broker: usize, channel: &ChannelName) -> Box<dyn Client> {
        let mut client = clients::sse().connect(self.addresses[broker].clone()).await.unwrap();
        client.follow(&Selector::exact(channel.clone()), &From::Latest).await.unwrap();
        client
    }
}

/// Waits for so many events, and returns their data.
pub(crate) async fn events(client: &mut dyn Client, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let told = timeout(PATIENCE, client.next()).await.expect("an event did not come").unwrap();
        for told in told {
            match told {
                Told::Event(event) => seen.push(String::from_utf8(event.data.to_vec()).unwrap()),
                other => panic!("nothing was lost, and it was told {other:?}"),
            }
        }
    }
    seen
}

pub(crate) fn channel(name: &str) -> ChannelName {
    ChannelName::new(name).unwrap()
}

pub(crate) fn event(channel: &ChannelName, number: usize) -> NewEvent {
    NewEvent::new(channel.clone(), number.to_string()).with_content_type(eventweir::ContentType::JSON)
}
