//! Epochs, positions, and where to start reading.

use super::{Reset, Sequence};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Identifies one incarnation of a stream. A restored or re-created stream has another.
///
/// Chosen at random, never zero, below 2^63; written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(u64);

impl Epoch {
    /// Chooses a new epoch at random.
    pub fn random() -> Self {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        Self((high.rotate_left(32) ^ low) >> 1 | 1)
    }

    /// Checks a number kept by a store.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is zero or above 2^63 - 1.
    pub fn new(number: u64) -> Result<Self> {
        if number == 0 || number > i64::MAX as u64 {
            return Err(Error::invalid("an epoch is between 1 and 9223372036854775807"));
        }
        Ok(Self(number))
    }

    /// Returns the number, for stores to keep.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Epoch {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let hexadecimal = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let number = if hexadecimal { u64::from_str_radix(text, 16).ok() } else { None };
        number
            .and_then(|number| Self::new(number).ok())
            .ok_or_else(|| Error::invalid("an epoch is 16 lower-case hexadecimal digits"))
    }
}

/// Says how far a reader has come: `epoch:sequence`. What a client hands back to resume.
///
/// Clients treat its text as opaque. The sequence is that of the last event seen, or passed over because it did not match.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// The incarnation of the stream that was read.
    pub epoch: Epoch,
    /// The last sequence seen or passed over.
    pub sequence: Sequence,
}

impl Position {
    /// Makes a position.
    pub const fn new(epoch: Epoch, sequence: Sequence) -> Self {
        Self { epoch, sequence }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.sequence)
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Position {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let refused = || Error::invalid("a position is what an earlier answer gave: epoch:sequence");
        let (epoch, sequence) = text.split_once(':').ok_or_else(refused)?;
        Ok(Self {
            epoch: epoch.parse().map_err(|_| refused())?,
            sequence: sequence.parse().map_err(|_| refused())?,
        })
    }
}

impl Serialize for Position {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Says where reading starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the oldest retained event. Nothing was missed, so nothing is told.
    Earliest,
    /// With what is published from now on.
    Latest,
    /// After a sequence, in whatever incarnation the stream has. What was removed after it is told as a gap.
    After(Sequence),
    /// After a position. One of another epoch is told as a reset, and reading starts with the oldest retained event; unless the
    /// stream went on from that epoch, and no further than the position had got: see [`Start::resolve_among`].
    At(Position),
}

impl Start {
    /// Turns the start into the sequence to read after, in a stream that is now at `bounds`.
    ///
    /// The second value is the reset to tell, the third whether removed events are to be told as a gap. Drivers call this
    /// inside the snapshot they read, so that a change of epoch cannot slip in between.
    pub fn resolve(self, bounds: &Bounds) -> (Sequence, Option<Reset>, bool) {
        self.resolve_among(bounds, |_| None)
    }

    /// As [`resolve`](Self::resolve), for a store that knows earlier epochs of the same log.
    ///
    /// `ended` returns the greatest sequence of an earlier epoch that the stream still had when it went on in a later one. A
    /// position at or below it is resumed as if nothing had happened, gaps told as usual; one beyond it has seen events that
    /// were lost, and is told a reset.
    pub fn resolve_among(
        self,
        bounds: &Bounds,
        ended: impl Fn(Epoch) -> Option<Sequence>,
    ) -> (Sequence, Option<Reset>, bool) {
        match self {
            Self::Earliest => (Sequence::ZERO, None, false),
            Self::Latest => (bounds.head, None, false),
            Self::After(sequence) => (sequence, None, true),
            Self::At(position)
                if position.epoch == bounds.epoch
                    || ended(position.epoch).is_some_and(|end| position.sequence <= end) =>
            {
                (position.sequence, None, true)
            }
            Self::At(position) => {
                let reset = Reset { refused: position, epoch: bounds.epoch };
                (Sequence::ZERO, Some(reset), false)
            }
        }
    }
}

impl FromStr for Start {
    type Err = Error;

    /// Reads `earliest`, `latest`, a position, or a bare sequence.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            _ if text.contains(':') => text.parse().map(Self::At),
            _ => text.parse().map(Self::After).map_err(|_| {
                Error::invalid("a start is `earliest`, `latest`, a position (epoch:sequence) or a sequence")
            }),
        }
    }
}

/// Says what a stream holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The stream's incarnation.
    pub epoch: Epoch,
    /// No retained event is below this sequence; one above [`head`](Self::head) when none is retained.
    pub first: Sequence,
    /// The greatest sequence ever given out, whether its event is retained or not.
    pub head: Sequence,
    /// Rises with every step that removes events by a deletion, in the same atomic step; trims do not count. A broker that
    /// sees it change lets go of what it keeps of the stream in memory, so that what was deleted through one broker is gone
    /// on all.
    pub deletions: u64,
}

impl Bounds {
    /// Returns the position of a reader that has seen everything.
    pub fn position(&self) -> Position {
        Position::new(self.epoch, self.head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_have_one_spelling() {
        let position = Position::new(Epoch::new(0xab).unwrap(), Sequence::new(7).unwrap());
        assert_eq!(position.to_string(), "00000000000000ab:7");
        assert_eq!(position.to_string().parse::<Position>().unwrap(), position);
        for bad in [
            "",
            ":",
            "ab:7",
            "00000000000000AB:7",
            "00000000000000ab:",
            "00000000000000ab:+7",
            "0000000000000000:7",
        ] {
            assert!(bad.parse::<Position>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn random_epochs_are_valid() {
        for _ in 0..1000 {
            let epoch = Epoch::random();
            assert_eq!(epoch.to_string().parse::<Epoch>().unwrap(), epoch);
        }
    }

    #[test]
    fn another_epoch_is_told() {
        let bounds = Bounds {
            epoch: Epoch::new(1).unwrap(),
            first: Sequence::new(5).unwrap(),
            head: Sequence::new(9).unwrap(),
            deletions: 0,
        };
        let old = Position::new(Epoch::new(2).unwrap(), Sequence::new(8).unwrap());
        let (after, reset, tell) = Start::At(old).resolve(&bounds);
        assert_eq!((after, tell), (Sequence::ZERO, false));
        assert_eq!(reset.unwrap().refused, old);
        assert_eq!(Start::Latest.resolve(&bounds).0, bounds.head);
    }

    #[test]
    fn an_earlier_epoch_is_resumed_up_to_where_it_ended() {
        let epoch = |number| Epoch::new(number).unwrap();
        let seq = |number| Sequence::new(number).unwrap();
        let bounds = Bounds { epoch: epoch(3), first: seq(1), head: seq(9), deletions: 0 };
        let ended = |earlier: Epoch| (earlier == epoch(2)).then(|| seq(7));
        let at = |number, sequence| {
            Start::At(Position::new(epoch(number), seq(sequence))).resolve_among(&bounds, ended)
        };
        assert_eq!(at(2, 7), (seq(7), None, true));
        assert_eq!(at(2, 0), (Sequence::ZERO, None, true));
        assert_eq!(at(3, 9), (seq(9), None, true));
        for (number, sequence) in [(2, 8), (1, 1)] {
            let (after, reset, tell) = at(number, sequence);
            assert_eq!((after, reset.is_some(), tell), (Sequence::ZERO, true, false));
        }
    }
}
