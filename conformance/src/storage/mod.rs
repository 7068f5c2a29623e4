//! The laws of a bare store.

pub(crate) mod child;
mod concurrent;
pub(crate) mod crew;
pub(crate) mod lab;
pub(crate) mod model;
pub(crate) mod properties;
mod script;
pub(crate) mod stream;
mod verify;
mod watch;
