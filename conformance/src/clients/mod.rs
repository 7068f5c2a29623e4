//! The clients of this project's protocols over HTTP, as [`Protocol`]s, and a broker that runs already as a [`Host`].
//!
//! They are written for the suite, from the protocols' documents, and share nothing with the frontends. Each keeps a connection
//! and makes another when that has ended; waits for an answer a bounded time, reads a bounded length, and never sends a
//! request twice.
//!
//! ```no_run
//! use eventweir_conformance::{Subject, clients};
//!
//! let broker = || clients::RemoteHost::new("http://127.0.0.1:7766", None);
//! let subjects = clients::all().map(|protocol| Subject::wire(broker, protocol));
//! ```
//!
//! [`Protocol`]: crate::Protocol
//! [`Host`]: crate::Host

mod call;
mod connection;
mod encode;
mod event;
mod failure;
mod native;
mod remote;
mod rse;
mod sse;
mod tls;

use crate::delivery::Protocol;
pub use native::{native_long_poll, native_polling};
pub use remote::RemoteHost;
pub use rse::{rse, rse_long_poll, rse_of_2012, rse_stream};
pub use sse::sse;

/// Lists every protocol that this project has a client for.
pub fn all() -> [Protocol; 7] {
    [native_polling(), native_long_poll(), sse(), rse(), rse_long_poll(), rse_stream(), rse_of_2012()]
}
