//! The program `weir` as its users have it: real processes, real sockets, real files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails by a panic")]

mod client_commands;
mod configuration;
mod conformance;
mod exposure;
mod serving;
mod storage_lost;
mod storage_refused;
mod support;
mod token_lists;
mod transport_security;
