//! Commands that speak to a running broker, over its HTTP API.

pub(crate) mod channels;
pub(crate) mod consumers;
pub(crate) mod publish;
pub(crate) mod read;
pub(crate) mod tail;

mod connection;
mod event_stream;
mod payload;
mod refusal;
mod retry;
mod selection;
mod target;
mod trust;

pub(crate) use target::Target;
