//! A hub of wake-up hints, for drivers whose commits happen in this process.

use crate::{Sequence, StreamName, Wakeup};
use futures_core::stream::BoxStream;
use futures_util::stream;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use tokio::sync::watch;

/// Wakes everyone in this process who follows a stream. Drivers call [`notify`](Self::notify) after a commit.
#[derive(Default)]
pub struct WakeupHub(Mutex<HashMap<StreamName, watch::Sender<Sequence>>>);

impl WakeupHub {
    /// Makes a hub without streams.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells that a stream's head was moved to `head`. It may be lower than before: of a stream that was begun anew.
    pub fn notify(&self, stream: &StreamName, head: Sequence) {
        let mut senders = self.0.lock();
        if let Some(sender) = senders.get(stream) {
            if sender.receiver_count() == 0 {
                senders.remove(stream);
            } else {
                sender.send_if_modified(|known| std::mem::replace(known, head) != head);
            }
        }
    }

    /// Follows a stream.
    pub fn follow(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        let mut senders = self.0.lock();
        let receiver = match senders.get(stream) {
            Some(sender) => sender.subscribe(),
            None => {
                let (sender, receiver) = watch::channel(Sequence::ZERO);
                senders.insert(stream.clone(), sender);
                receiver
            }
        };
        Box::pin(stream::unfold(receiver, |mut receiver| async move {
            receiver.changed().await.ok()?;
            let head = *receiver.borrow_and_update();
            Some((Wakeup { head: Some(head) }, receiver))
        }))
    }

    /// Ends every stream of hints.
    pub fn close(&self) {
        self.0.lock().clear();
    }
}

impl fmt::Debug for WakeupHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.lock().keys()).finish()
    }
}
