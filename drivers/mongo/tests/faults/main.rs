//! What the Mongo driver does when the server, the network, the user or another program goes wrong.
//!
//! The server is the MongoDB-compatible one of the tests, or the deployment that `MONGODB_URI` names; tests that must kill it, or
//! have it fail to order, say `SKIPPED` there. Failovers are simulated: there is one store behind the simulated set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

mod bad_input;
mod contention;
mod crash;
mod cut;
mod fail_points;
mod failover;
mod load;
mod support;
mod trim;
mod watching;
