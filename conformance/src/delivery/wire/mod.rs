//! A broker behind a real connection, and its clients.

mod address;
mod host;
mod protocol;
mod site;
mod subject;

pub use address::Address;
pub use host::{Host, HostAbilities};
pub use protocol::Protocol;
