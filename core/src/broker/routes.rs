//! From channels to streams.

use crate::{ChannelName, Commit, Result, Selector, StreamName};

/// Decides which stream a channel is in. A small broker has one, `main`.
#[derive(Debug)]
pub(super) struct Routes {
    main: StreamName,
}

impl Routes {
    pub(super) fn new() -> Self {
        Self { main: StreamName::main() }
    }

    /// Returns the stream of a channel.
    pub(super) fn of_channel(&self, _channel: &ChannelName) -> &StreamName {
        &self.main
    }

    /// Returns the one stream that a selection is in.
    pub(super) fn of_selector(&self, _selector: &Selector) -> Result<&StreamName> {
        Ok(&self.main)
    }

    /// Returns the one stream that a commit is in.
    pub(super) fn of_commit(&self, commit: &Commit) -> Result<&StreamName> {
        Ok(commit.append.first().map_or(&self.main, |event| self.of_channel(&event.channel)))
    }
}
