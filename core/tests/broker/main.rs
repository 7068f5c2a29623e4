//! The broker over the memory driver, one behaviour a file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod common;
mod deletions;
mod earlier_epochs;
mod expectations;
mod hand_over;
mod isolation;
mod layered;
mod long_poll;
mod read_once;
mod rights;
mod same_as_storage;
mod several_brokers;
mod streams;
mod told;
