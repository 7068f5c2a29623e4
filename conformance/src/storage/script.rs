//! Random scripts for one client, compared step by step with the model.

mod catalog;
mod generate;
mod perform;
mod resolve;
mod selection;
mod step;

pub(crate) use generate::{Dialect, script};
pub(crate) use perform::perform;
pub(crate) use resolve::other_epoch;
pub(crate) use selection::{SelectorStep, selector_step};
pub(crate) use step::{CHANNELS, SOURCES};
