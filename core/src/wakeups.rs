//! A hub of wake-up hints, for drivers whose commits happen in this process.

use crate::{Sequence, StreamName, Wakeup};
use futures_core::stream::BoxStream;
use futures_util::stream;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Notify;

/// Wakes everyone in this process who follows a stream. Drivers call [`notify`](Self::notify) after a commit.
///
/// A follower that has not looked since its last hint is not woken again: while it is busy, a commit costs it nothing.
#[derive(Default)]
pub struct WakeupHub(Mutex<HashMap<StreamName, Vec<Weak<Follower>>>>);

/// Stands for a head that nobody knows.
const UNKNOWN: i64 = -1;

struct Follower {
    head: AtomicI64,
    /// Woken, and has not looked yet.
    pending: AtomicBool,
    closed: AtomicBool,
    wake: Notify,
}

impl WakeupHub {
    /// Makes a hub without streams.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells that a stream's head was moved to `head`. It may be lower than before: of a stream that was begun anew.
    pub fn notify(&self, stream: &StreamName, head: Sequence) {
        let mut streams = self.0.lock();
        let Some(followers) = streams.get_mut(stream) else { return };
        followers.retain(|follower| follower.upgrade().map(|follower| follower.notify(head)).is_some());
        if followers.is_empty() {
            streams.remove(stream);
        }
    }

    /// Tells everyone to look, whatever they follow: what happened until now may have gone unnoticed. For those who learn of commits
    /// from a server, each time they begin to listen.
    pub fn notify_all(&self) {
        let mut streams = self.0.lock();
        streams.retain(|_, followers| {
            followers.retain(|follower| follower.upgrade().map(|follower| follower.tell(UNKNOWN)).is_some());
            !followers.is_empty()
        });
    }

    /// Follows a stream.
    pub fn follow(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        let follower = Arc::new(Follower {
            head: AtomicI64::new(0),
            pending: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            wake: Notify::new(),
        });
        self.0.lock().entry(stream.clone()).or_default().push(Arc::downgrade(&follower));
        Box::pin(stream::unfold(follower, |follower| async move {
            let hint = follower.woken().await?;
            Some((hint, follower))
        }))
    }

    /// Ends every stream of hints.
    pub fn close(&self) {
        let streams = std::mem::take(&mut *self.0.lock());
        for follower in streams.into_values().flatten().filter_map(|follower| follower.upgrade()) {
            follower.closed.store(true, Ordering::Release);
            follower.wake.notify_one();
        }
    }
}

impl Follower {
    fn notify(&self, head: Sequence) {
        self.tell(head.to_i64());
    }

    fn tell(&self, head: i64) {
        self.head.store(head, Ordering::Release);
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.wake.notify_one();
        }
    }

    /// Waits for the next hint; `None` once the hub is closed.
    async fn woken(&self) -> Option<Wakeup> {
        self.wake.notified().await;
        // Before the head is read, so that a later one wakes again.
        self.pending.store(false, Ordering::Release);
        let head = self.head.load(Ordering::Acquire);
        let head = (head != UNKNOWN).then(|| Sequence::from_i64(head));
        (!self.closed.load(Ordering::Acquire)).then_some(Wakeup { head })
    }
}

impl fmt::Debug for WakeupHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.lock().keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, StreamExt};

    fn seq(n: u64) -> Sequence {
        Sequence::new(n).unwrap()
    }

    #[tokio::test]
    async fn a_busy_follower_gets_one_hint_of_the_latest_head() {
        let (hub, main) = (WakeupHub::new(), StreamName::main());
        let mut hints = hub.follow(&main);
        assert!(hints.next().now_or_never().is_none());
        for n in 1..=3 {
            hub.notify(&main, seq(n));
        }
        assert_eq!(hints.next().await, Some(Wakeup { head: Some(seq(3)) }));
        assert!(hints.next().now_or_never().is_none());
        hub.notify(&main, seq(1));
        assert_eq!(hints.next().await, Some(Wakeup { head: Some(seq(1)) }));
        hub.close();
        assert_eq!(hints.next().await, None);
    }

    #[tokio::test]
    async fn everyone_can_be_told_to_look_without_a_head() {
        let (hub, main, other) = (WakeupHub::new(), StreamName::main(), StreamName::new("other").unwrap());
        let (mut hints, mut others) = (hub.follow(&main), hub.follow(&other));
        hub.notify(&main, seq(3));
        hub.notify_all();
        assert_eq!(hints.next().await, Some(Wakeup { head: None }));
        assert_eq!(others.next().await, Some(Wakeup { head: None }));
        assert!(hints.next().now_or_never().is_none());
        hub.notify(&main, seq(4));
        assert_eq!(hints.next().await, Some(Wakeup { head: Some(seq(4)) }));
    }

    #[test]
    fn who_is_gone_is_forgotten() {
        let (hub, main) = (WakeupHub::new(), StreamName::main());
        drop(hub.follow(&main));
        hub.notify(&main, seq(1));
        assert!(hub.0.lock().is_empty());
        drop(hub.follow(&main));
        hub.notify_all();
        assert!(hub.0.lock().is_empty());
    }
}
