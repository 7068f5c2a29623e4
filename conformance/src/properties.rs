//! The properties, in one module per law.

pub(crate) mod order;
