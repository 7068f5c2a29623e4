//! Event streams over real sockets, byte by byte and with a client library.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod client;
mod common;
mod isolation;
mod library;
mod refused;
mod resume;
mod rights;
mod shutdown;
mod told;
mod wire;
