//! Faulty drivers.

mod fault;
mod harness;
mod scan;

pub(crate) mod catalog;
pub(crate) mod commits;
pub(crate) mod content;
pub(crate) mod cursors;
pub(crate) mod epochs;
pub(crate) mod gaps;
pub(crate) mod ids;
pub(crate) mod killed;
pub(crate) mod reads;
pub(crate) mod restart;
pub(crate) mod selection;
pub(crate) mod sequences;
pub(crate) mod sharing;
pub(crate) mod trims;
pub(crate) mod wakeups;

pub(crate) use fault::{Fault, Store, catalog_of};
pub use fault::{FaultyStorage, NoFault};
pub use harness::FaultyHarness;

/// Takes as long as a way over a network does: others look and write meanwhile.
pub(crate) async fn linger() {
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
}
