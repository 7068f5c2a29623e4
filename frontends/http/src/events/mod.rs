//! `/v1/events`: publishing and reading.

mod batch;
mod form;
mod metadata;
mod page;
mod publish;
mod read;

pub(crate) use page::{gap_json, reset_json};
pub(crate) use publish::publish;
pub(crate) use publish::push_appended;
pub(crate) use read::{MAX_WAIT_SECONDS, limit, read};

/// What stands before a channel in the path.
const BEGINNING: &str = "/v1/events";
