//! Clients that speak several protocols.

use eventweir_conformance::{Abilities, Protocol, clients};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Polling, long-polling and event streams in turn: who connects again comes by another of them, with the same place.
pub(crate) fn mixed() -> Protocol {
    let protocols = [clients::native_polling(), clients::native_long_poll(), clients::sse()];
    let connected = Arc::new(AtomicUsize::new(0));
    Protocol::new("mixed", Abilities::ALL, move |address| {
        let turn = connected.fetch_add(1, Ordering::Relaxed);
        // Brokers come in turn as well: each meets each protocol.
        let protocol = protocols[(turn + turn / protocols.len()) % protocols.len()].clone();
        async move { protocol.connect(address).await }
    })
}
