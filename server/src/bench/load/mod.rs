//! The load generator for HTTP: one thread, prebuilt requests, answers counted and not understood, so that little of the
//! machine is taken from the server under test.

mod answers;
mod connection;
mod fan_out;
mod poller;
mod request;
mod requests;

pub(super) use connection::Subscriber;
pub(super) use fan_out::{FanOut, Until};
pub(super) use request::{get, post, subscribe};
pub(super) use requests::Requests;
