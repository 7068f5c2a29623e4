//! The Redis driver on servers that are killed, stopped, cut off, full, or not what the URL says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

mod bad_input;
mod cluster;
mod encrypted;
mod full;
mod kill;
mod load;
mod replicas;
mod sentinel;
mod stall;
mod support;
mod wakeups;
