//! Durable server-side positions.

use super::{CursorName, Sequence, Timestamp};
use crate::{Error, ErrorKind, Result};

/// Holds a named, durable position of one consumer in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The cursor's name.
    pub name: CursorName,
    /// The last sequence that the consumer is done with.
    pub sequence: Sequence,
    /// When it was last moved.
    pub moved: Timestamp,
}

/// Moves, creates or removes a cursor, by compare-and-set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorMove {
    /// The cursor's name.
    pub name: CursorName,
    /// Where it must be now.
    pub expect: CursorExpect,
    /// Where it goes.
    pub to: CursorTarget,
    /// Whether it may go back.
    pub forced: bool,
    /// When it is moved. A session overwrites it with the broker's clock.
    pub time: Timestamp,
}

/// Says where a cursor must be for a move to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorExpect {
    /// It does not exist.
    Absent,
    /// It is at this sequence.
    At(Sequence),
    /// It is anywhere, or does not exist. Only with [`CursorMove::forced`].
    Anywhere,
}

/// Says where a cursor goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorTarget {
    /// To this sequence, at most the head after the commit.
    To(Sequence),
    /// Away: the cursor is removed.
    Removed,
}

impl CursorMove {
    /// Moves a cursor from one sequence to a later one.
    pub fn advance(name: CursorName, from: Sequence, to: Sequence) -> Self {
        Self::new(name, CursorExpect::At(from), CursorTarget::To(to))
    }

    /// Creates a cursor that must not exist.
    pub fn create(name: CursorName, at: Sequence) -> Self {
        Self::new(name, CursorExpect::Absent, CursorTarget::To(at))
    }

    /// Puts a cursor at a sequence, wherever it is, back too.
    pub fn force(name: CursorName, to: Sequence) -> Self {
        Self { forced: true, ..Self::new(name, CursorExpect::Anywhere, CursorTarget::To(to)) }
    }

    /// Removes a cursor, wherever it is.
    pub fn remove(name: CursorName) -> Self {
        Self { forced: true, ..Self::new(name, CursorExpect::Anywhere, CursorTarget::Removed) }
    }

    /// Makes an unforced move.
    pub fn new(name: CursorName, expect: CursorExpect, to: CursorTarget) -> Self {
        Self { name, expect, to, forced: false, time: Timestamp::MIN }
    }

    /// Decides the move: law *cursor*, the same on every driver.
    ///
    /// `current` is where the cursor is now, and `head` the stream's head after the commit. Returns where it goes; `None` when
    /// it is removed.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) when the cursor is elsewhere than expected or would go back unforced, and
    /// [`InvalidInput`](ErrorKind::InvalidInput) when it would go beyond the head or expects anything without force.
    pub fn decide(&self, current: Option<Sequence>, head: Sequence) -> Result<Option<Sequence>> {
        let conflict =
            |why: String| Error::new(ErrorKind::Conflict, format!("the cursor {:?} {why}", self.name));
        match (self.expect, current) {
            (CursorExpect::Anywhere, _) if !self.forced => {
                return Err(Error::invalid("an unforced cursor move says where the cursor is"));
            }
            (CursorExpect::Anywhere, _) | (CursorExpect::Absent, None) => {}
            (CursorExpect::Absent, Some(at)) => return Err(conflict(format!("exists already, at {at}"))),
            (CursorExpect::At(expected), Some(at)) if expected == at => {}
            (CursorExpect::At(expected), Some(at)) => {
                return Err(conflict(format!("is at {at}, not at {expected} as expected")));
            }
            (CursorExpect::At(_), None) => return Err(conflict("does not exist".to_owned())),
        }
        let CursorTarget::To(to) = self.to else { return Ok(None) };
        if to > head {
            return Err(Error::invalid(format!(
                "the cursor {:?} cannot go to {to}, beyond the head {head}",
                self.name
            )));
        }
        match current {
            Some(at) if to < at && !self.forced => {
                Err(conflict(format!("is at {at} and goes back to {to} only when forced")))
            }
            _ => Ok(Some(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seq(n: u64) -> Sequence {
        Sequence::new(n).unwrap()
    }

    #[test]
    fn moves_are_compare_and_set_and_never_back() {
        let name = CursorName::new("c").unwrap();
        let head = seq(10);
        let kind = |result: Result<Option<Sequence>>| result.unwrap_err().kind();
        let advance = CursorMove::advance(name.clone(), seq(3), seq(5));
        assert_eq!(advance.decide(Some(seq(3)), head).unwrap(), Some(seq(5)));
        assert_eq!(kind(advance.decide(Some(seq(4)), head)), ErrorKind::Conflict);
        assert_eq!(kind(advance.decide(None, head)), ErrorKind::Conflict);
        let back = CursorMove::advance(name.clone(), seq(5), seq(3));
        assert_eq!(kind(back.decide(Some(seq(5)), head)), ErrorKind::Conflict);
        assert_eq!(CursorMove::force(name.clone(), seq(3)).decide(Some(seq(5)), head).unwrap(), Some(seq(3)));
        assert_eq!(
            kind(CursorMove::force(name.clone(), seq(11)).decide(None, head)),
            ErrorKind::InvalidInput
        );
        assert_eq!(
            kind(CursorMove::create(name.clone(), seq(1)).decide(Some(seq(1)), head)),
            ErrorKind::Conflict
        );
        assert_eq!(CursorMove::remove(name).decide(None, head).unwrap(), None);
    }
}
