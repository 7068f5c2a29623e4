//! The live side: one tail per active stream, from which all readers that keep up are served.

mod batch;
mod feed;
mod follower;
mod index;
mod ring;
mod tail;

pub use batch::{Batch, Delivery};
pub(crate) use feed::Listener;
pub(crate) use follower::follow;
pub(crate) use tail::{Answered, Tail, TailKeys, TailLimits, Taken};
