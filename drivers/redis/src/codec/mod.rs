//! How values travel and lie in Redis.

pub(crate) mod head;
pub(crate) mod meta;
pub(crate) mod pack;
pub(crate) mod reply;

use eventweir::{Error, ErrorKind};

/// The store holds what this driver did not write.
pub(crate) fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the store holds {what} that this driver did not write"))
}
