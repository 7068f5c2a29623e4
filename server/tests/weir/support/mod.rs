//! What the tests share.

mod broker;
mod command;
mod event_stream;
pub(crate) mod fake;
mod wire;

pub(crate) use broker::{Broker, Stopping};
pub(crate) use command::{Ran, run_in, run_with_input, stop_after};
pub(crate) use event_stream::EventStream;
pub(crate) use wire::Request;

use std::time::{Duration, Instant};

/// Generous: it may end a test and never passes one.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until something holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < DEADLINE, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
