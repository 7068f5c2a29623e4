//! The laws over the wire: each protocol's own client, real connections that are cut, stalled and split, and a broker in this
//! process that is stopped and started again over one store; and with three brokers over one store, of which clients go from one to
//! another.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod cut_answers;
mod cut_requests;
mod host;
mod refusals;

/// Holds one protocol to every property of delivery, with one broker and with three.
macro_rules! suite {
    ($name:ident) => {
        mod $name {
            use crate::host::InProcess;
            use eventweir_conformance::{Subject, clients, wire_suite};

            wire_suite!(Subject::wire(InProcess::new, clients::$name()));

            mod wires {
                use super::*;

                wire_suite!(Subject::wires(InProcess::three, clients::$name()));
            }
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
