//! Three `weir` processes on one Redis, and on one MongoDB: the laws hold for clients that go from one to another, a publication is
//! soon seen everywhere, and no broker reads a stream more than once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails by a panic"
)]

mod command;
mod deletions;
mod latency;
mod laws;
mod protocol;
mod reads;
mod running;
mod store;

#[path = "../conformance_wire/host.rs"]
#[allow(dead_code, reason = "another test of this package uses the rest")]
mod host;
