//! Who waits for what: subscribers of equal selections share one feed.

use super::batch::Batch;
use super::index::{Key, subtrees};
use super::tail::Tail;
use crate::{ChannelName, Event, Position, Selector};
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// How many batches a feed keeps for those who are a little behind, and their greatest weight together.
const KEPT_BATCHES: usize = 8;
const KEPT_BYTES: usize = 1 << 20;

/// Serves all subscribers of one selection.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(super) selector: Selector,
    pub(super) keys: Vec<Key>,
    grown: Notify,
    listeners: AtomicUsize,
    recent: Mutex<Recent>,
}

/// The latest batches, oldest first, each with its weight when it came.
///
/// A subscriber that is a little behind the others leaves its own beside theirs: what is looked for is where a batch begins.
#[derive(Debug, Default)]
struct Recent {
    batches: VecDeque<(Arc<Batch>, usize)>,
    bytes: usize,
}

impl Feed {
    fn new(selector: Selector) -> Self {
        let keys = Key::of(&selector);
        Self {
            selector,
            keys,
            grown: Notify::new(),
            listeners: AtomicUsize::new(0),
            recent: Mutex::default(),
        }
    }

    /// Returns the batch that another subscriber took from the same place.
    pub(super) fn shared_after(&self, place: Position) -> Option<Arc<Batch>> {
        let recent = self.recent.lock();
        let mut batches = recent.batches.iter().rev().map(|(batch, _)| batch);
        batches.find(|batch| batch.after() == place).cloned()
    }

    /// Keeps a batch for the others, if there are any.
    pub(super) fn share(&self, batch: &Arc<Batch>) {
        if self.listeners.load(Ordering::Relaxed) < 2 {
            return;
        }
        let weight = batch.weight();
        let mut recent = self.recent.lock();
        if recent.batches.iter().any(|(kept, _)| kept.after() == batch.after()) {
            return;
        }
        while recent.batches.len() >= KEPT_BATCHES || (recent.bytes + weight > KEPT_BYTES && recent.bytes > 0)
        {
            let gone = recent.batches.pop_front().map_or(recent.bytes, |(_, weight)| weight);
            recent.bytes = recent.bytes.saturating_sub(gone);
        }
        if weight <= KEPT_BYTES {
            recent.bytes += weight;
            recent.batches.push_back((batch.clone(), weight));
        }
    }

    fn forget_shared(&self) {
        *self.recent.lock() = Recent::default();
    }
}

/// Finds the feeds that an event concerns, by its channel: the cost does not grow with those it does not concern.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    by_selector: HashMap<Selector, Arc<Feed>>,
    exact: HashMap<ChannelName, Vec<Arc<Feed>>>,
    subtree: HashMap<Box<str>, Vec<Arc<Feed>>>,
}

impl Feeds {
    fn join(&mut self, selector: &Selector) -> Arc<Feed> {
        let feed = match self.by_selector.get(selector) {
            Some(feed) => feed.clone(),
            None => {
                let feed = Arc::new(Feed::new(selector.clone()));
                for key in &feed.keys {
                    match key {
                        Key::Exact(name) => self.exact.entry(name.clone()).or_default().push(feed.clone()),
                        Key::Subtree(path) => {
                            self.subtree.entry(path.clone()).or_default().push(feed.clone())
                        }
                    }
                }
                self.by_selector.insert(selector.clone(), feed.clone());
                feed
            }
        };
        feed.listeners.fetch_add(1, Ordering::Relaxed);
        feed
    }

    fn leave(&mut self, feed: &Arc<Feed>) {
        if feed.listeners.fetch_sub(1, Ordering::Relaxed) > 1 {
            return;
        }
        self.by_selector.remove(&feed.selector);
        for key in &feed.keys {
            match key {
                Key::Exact(name) => remove_from(&mut self.exact, name, feed),
                Key::Subtree(path) => remove_from(&mut self.subtree, path, feed),
            }
        }
    }

    /// Wakes the feeds that mean an event.
    pub(super) fn wake(&self, event: &Event) {
        if self.by_selector.is_empty() {
            return;
        }
        let exact = self.exact.get(&event.channel).into_iter();
        let subtrees = subtrees(event.channel.as_str()).filter_map(|path| self.subtree.get(path));
        for feed in exact.chain(subtrees).chain(self.subtree.get("")).flatten() {
            if feed.selector.matches(event) {
                feed.grown.notify_waiters();
            }
        }
    }

    /// Wakes all feeds. What they shared is not trusted any more.
    pub(super) fn wake_all(&self) {
        for feed in self.by_selector.values() {
            feed.forget_shared();
            feed.grown.notify_waiters();
        }
    }
}

fn remove_from<K: std::hash::Hash + Eq>(lists: &mut HashMap<K, Vec<Arc<Feed>>>, key: &K, feed: &Arc<Feed>) {
    if let Some(list) = lists.get_mut(key) {
        list.retain(|other| !Arc::ptr_eq(other, feed));
        if list.is_empty() {
            lists.remove(key);
        }
    }
}

/// Takes part in a feed for as long as it lives.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) tail: Arc<Tail>,
    pub(crate) feed: Arc<Feed>,
}

impl Listener {
    pub(crate) fn new(tail: Arc<Tail>, selector: &Selector) -> Self {
        tail.listeners.fetch_add(1, Ordering::SeqCst);
        let feed = tail.feeds.lock().join(selector);
        Self { tail, feed }
    }

    pub(crate) fn selector(&self) -> &Selector {
        &self.feed.selector
    }

    /// Returns a future that ends when the selection grows from now on, even if it is first polled later.
    pub(crate) fn grown(&self) -> impl Future<Output = ()> + Send + '_ {
        // `notify_waiters` reaches every `Notified` that exists at the time, polled or not.
        self.feed.grown.notified()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.tail.feeds.lock().leave(&self.feed);
        self.tail.listeners.fetch_sub(1, Ordering::SeqCst);
    }
}
