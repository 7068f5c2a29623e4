//! What is checked of a commit before any store sees it.

use super::Limits;
use crate::{Commit, Error, ErrorKind, Result};

/// Checks a commit against the limits, and what it says of itself.
pub(super) fn check_commit(commit: &Commit, limits: &Limits, has_jobs: bool) -> Result<()> {
    let too_large = |message: String| Err(Error::new(ErrorKind::TooLarge, message));
    if commit.append.len() > limits.max_commit_events {
        return too_large(format!("a commit has at most {} events", limits.max_commit_events));
    }
    if commit.cursors.len() + commit.records.len() > limits.max_commit_changes {
        return too_large(format!(
            "a commit has at most {} cursor moves and record changes",
            limits.max_commit_changes
        ));
    }
    let mut bytes = 0;
    for event in &commit.append {
        if event.data.len() > limits.max_event_bytes {
            return too_large(format!("an event has at most {} bytes of data", limits.max_event_bytes));
        }
        bytes += event.data.len() + event.headers.bytes();
        event.check()?;
    }
    if bytes > limits.max_commit_bytes {
        return too_large(format!(
            "a commit has at most {} bytes of data and headers",
            limits.max_commit_bytes
        ));
    }
    if !commit.jobs.is_empty() && !has_jobs {
        return Err(Error::new(ErrorKind::Unsupported, "the storage keeps no jobs"));
    }
    commit.check()
}
