//! The server over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where it is surprised"
)]

mod bodies;
mod connections;
mod heads;
mod origins;
mod shutdown;
mod support;
mod tls;
