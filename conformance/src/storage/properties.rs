//! The properties, in one module per law.

mod clock;
mod full;
mod killed;
mod tail;

pub(crate) mod atomic;
pub(crate) mod cursor;
pub(crate) mod durable;
pub(crate) mod every;
pub(crate) mod honest;
pub(crate) mod isolation;
pub(crate) mod no_duplicate;
pub(crate) mod no_miss;
pub(crate) mod order;
pub(crate) mod told;
pub(crate) mod visibility;
pub(crate) mod wake_up;
