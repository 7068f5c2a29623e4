//! A protocol as something to examine.

use super::site::Wire;
use super::{Host, Protocol};
use crate::{Level, Subject};
use std::sync::Arc;

impl Subject {
    /// Examines a protocol: its clients, over real connections that are cut, stalled and split, speak to brokers that `hosts`
    /// gives. It is called for every fresh site that a property wants.
    pub fn wire<H: Host>(hosts: impl Fn() -> H + Send + Sync + 'static, protocol: Protocol) -> Self {
        let name = protocol.name().to_owned();
        Self::of_sites(Level::Wire, Arc::new(Wire::new(hosts, protocol))).named(name)
    }
}
