//! The native API over real sockets, one behaviour in each file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails by a panic")]

mod auth;
mod batch;
mod catalog;
mod client;
mod cloudevents;
mod commit;
mod consumers;
mod documentation;
mod expect;
mod follow;
mod gzip;
mod hostile_names;
mod idempotency;
mod long_poll;
mod mounts;
mod nested;
mod openapi;
mod operations;
mod publish;
mod read;
mod streams;
mod told;
