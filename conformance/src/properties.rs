//! The properties, in one module per law.

pub(crate) mod every;
pub(crate) mod order;
