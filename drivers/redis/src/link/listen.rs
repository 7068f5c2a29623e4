//! Wake-ups: one subscribing connection to each server that has streams of interest, and none when nobody listens.
//!
//! A hint that is lost costs a reader time and nothing else, so nothing here is an error: connections come back by
//! themselves, and everyone who may have missed something is woken.

mod frame;
mod subscriber;

use super::address::Address;
use super::{Shared, slot};
use eventweir::{Sequence, Wakeup};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use futures_util::stream;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use subscriber::Subscriber;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Duration, timeout};

/// The names of channels that somebody listens to.
type Channels = BTreeSet<Vec<u8>>;

#[derive(Debug)]
pub(super) struct Listener {
    hub: Arc<Hub>,
    task: JoinHandle<()>,
}

/// Who listens to what.
#[derive(Debug)]
struct Hub {
    /// None once the store is closed.
    channels: Mutex<Option<HashMap<Vec<u8>, watch::Sender<Hint>>>>,
    /// Somebody began or ended to listen, or a server is not the one for a channel any more.
    changed: Notify,
}

/// The last of what was heard, and how many there were: a listener that is slow finds one hint, not all.
#[derive(Clone, Copy, Debug, Default)]
struct Hint {
    count: u64,
    head: Option<Sequence>,
}

impl Listener {
    pub(super) fn start(shared: Arc<Shared>) -> Self {
        let hub = Arc::new(Hub { channels: Mutex::new(Some(HashMap::new())), changed: Notify::new() });
        let task = tokio::spawn(keep_subscribed(shared, hub.clone()));
        Self { hub, task }
    }

    pub(super) fn wakeups(&self, channel: Vec<u8>) -> BoxStream<'static, Wakeup> {
        let listening = Listening { heard: Some(self.hub.listen(channel)), hub: self.hub.clone() };
        let hints = stream::unfold(listening, |mut listening| async move {
            let heard = listening.heard.as_mut()?;
            // The sender is gone when the store is closed.
            heard.changed().await.ok()?;
            let head = heard.borrow_and_update().head;
            Some((Wakeup { head }, listening))
        });
        hints.boxed()
    }

    /// Ends all connections. Whoever listens finds the end of its hints.
    pub(super) fn stop(&self) {
        self.task.abort();
        *self.hub.channels.lock() = None;
    }
}

/// One that listens; the hub forgets the channel with the last of them.
struct Listening {
    heard: Option<watch::Receiver<Hint>>,
    hub: Arc<Hub>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.heard = None;
        self.hub.changed.notify_one();
    }
}

impl Hub {
    fn listen(&self, channel: Vec<u8>) -> watch::Receiver<Hint> {
        let heard = match self.channels.lock().as_mut() {
            Some(channels) => channels.entry(channel).or_default().subscribe(),
            None => watch::Sender::<Hint>::default().subscribe(),
        };
        self.changed.notify_one();
        heard
    }

    /// Wakes those who listen to a channel.
    fn hear(&self, channel: &[u8], head: Option<Sequence>) {
        if let Some(sender) = self.channels.lock().as_ref().and_then(|channels| channels.get(channel)) {
            sender.send_modify(|hint| *hint = Hint { count: hint.count.wrapping_add(1), head });
        }
    }

    /// Returns what somebody listens to.
    fn wanted(&self) -> Channels {
        let mut channels = self.channels.lock();
        let Some(channels) = channels.as_mut() else { return Channels::new() };
        channels.retain(|_, sender| sender.receiver_count() > 0);
        channels.keys().cloned().collect()
    }
}

/// Brings each channel to a subscriber at the server that it belongs to, for as long as the store is open.
async fn keep_subscribed(shared: Arc<Shared>, hub: Arc<Hub>) {
    let mut subscribers: BTreeMap<Address, Subscriber> = BTreeMap::new();
    loop {
        let mut wanted: BTreeMap<Address, Channels> = BTreeMap::new();
        let mut asked = false;
        for channel in hub.wanted() {
            let slot = slot::of(&channel);
            let mut address = shared.route.known(slot);
            // Asked for once, not for each of many: what is still not known is looked at again below.
            if address.is_none() && !asked {
                asked = true;
                let answer = shared.route.address(slot, &shared.connector, &shared.nodes);
                address = timeout(LOOK, answer).await.ok().and_then(Result::ok);
            }
            if let Some(address) = address {
                wanted.entry(address).or_default().insert(channel);
            }
        }
        // Dropped, a subscriber ends.
        subscribers.retain(|address, _| wanted.contains_key(address));
        for (address, channels) in wanted {
            subscribers
                .entry(address)
                .or_insert_with_key(|address| Subscriber::start(address.clone(), shared.clone(), hub.clone()))
                .want(channels);
        }
        // Who serves what changes without a word to those who only listen.
        let _ = timeout(LOOK, hub.changed.notified()).await;
    }
}

const LOOK: Duration = Duration::from_secs(1);
