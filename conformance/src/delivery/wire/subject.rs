//! A protocol as something to examine.

use super::site::Wire;
use super::{Host, Protocol};
use crate::{Level, Subject};
use std::sync::Arc;

impl Subject {
    /// Examines a protocol: its clients, over real connections that are cut, stalled and split, speak to brokers that `hosts`
    /// gives. It is called for every fresh site that a property wants.
    pub fn wire<H: Host>(hosts: impl Fn() -> H + Send + Sync + 'static, protocol: Protocol) -> Self {
        Self::of_wire(Level::Wire, Wire::new(move || vec![hosts()], protocol.clone()), &protocol)
    }

    /// Examines a protocol over several brokers on one store: its clients are spread over all of them, what is published through one
    /// is read through the others, and a client whose broker is gone goes on at another, with its place.
    ///
    /// `hosts` gives the brokers of a fresh site: each [`Host`] is one of them, and two are the least. They are started in this
    /// order, and disturbed one after the other; the last that leaves takes the store with it, if it goes with the hosts.
    pub fn wires<H: Host>(hosts: impl Fn() -> Vec<H> + Send + Sync + 'static, protocol: Protocol) -> Self {
        Self::of_wire(Level::Wires, Wire::new(hosts, protocol.clone()), &protocol)
    }

    fn of_wire(level: Level, wire: Wire, protocol: &Protocol) -> Self {
        Self::of_sites(level, Arc::new(wire)).named(protocol.name())
    }
}
