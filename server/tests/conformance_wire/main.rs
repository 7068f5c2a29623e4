//! The laws over the wire, of real processes: `weir serve` on a SQLite file, which is stopped, continued, ended and killed while
//! clients of every protocol publish and read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails by a panic")]

mod host;
mod outside;

/// Holds one protocol to every property of delivery.
macro_rules! suite {
    ($name:ident) => {
        mod $name {
            use crate::host::WeirProcess;
            use eventweir_conformance::{Subject, clients, wire_suite};

            wire_suite!(Subject::wire(WeirProcess::new, clients::$name()));
        }
    };
}

suite!(native_polling);
suite!(native_long_poll);
suite!(sse);
suite!(rse);
suite!(rse_long_poll);
suite!(rse_stream);
suite!(rse_of_2012);
