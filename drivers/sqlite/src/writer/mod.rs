//! The one thread that writes, and how commands reach it.
//!
//! Whatever waits when the last transaction is done is the next one: many commits share one sync, without a timer.

mod answer;
mod channels;
mod checkpoint;
mod commit;
mod flush;
mod group;
mod handle;
mod purge;
mod remove;
mod state;

pub(crate) use answer::Command;
pub(crate) use checkpoint::Checkpointer;
pub(crate) use handle::Writer;
pub(crate) use purge::DELETED;
pub(crate) use remove::STEP;
pub(crate) use state::State;
