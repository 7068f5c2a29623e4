//! Brokers behind real connections, and their clients.

mod address;
mod host;
mod line;
mod protocol;
mod site;
mod subject;

pub use address::Address;
pub use host::{Host, HostAbilities};
pub use protocol::Protocol;
