//! Faulty clients of brokers.

mod spoilt;

pub(crate) mod publishing;
pub(crate) mod reading;

pub(crate) use spoilt::{ClientFault, spoil_client};
