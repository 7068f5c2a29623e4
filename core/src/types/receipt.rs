//! What a commit returns.

use super::{Epoch, Position, Sequence};

/// Acknowledges a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The stream's incarnation.
    pub epoch: Epoch,
    /// The stream's head right after the commit.
    pub head: Sequence,
    /// Where each event is, in the order of [`Commit::append`](super::Commit::append).
    pub events: Vec<Appended>,
    /// Whether the whole commit was a repetition, recognised by its id.
    pub repeated: bool,
}

impl Receipt {
    /// Returns the position right after the commit.
    pub fn position(&self) -> Position {
        Position::new(self.epoch, self.head)
    }
}

/// Says where an appended event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The event's sequence: the first one, when the id was known.
    pub sequence: Sequence,
    /// Whether the id was known, so that nothing was appended.
    pub duplicate: bool,
}
