//! Places in the stream as clients write them.

use eventweir::{CursorName, Error, ErrorKind, Position, Result, Sequence, Session, Start};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};
use std::fmt;

/// Holds a place: a sequence as a number, or a position as a page gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Sequence(Sequence),
    Position(Position),
}

impl Place {
    /// Returns the sequence, for a cursor of a session.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) when it is a position of another stream, or of an incarnation that the stream no longer
    /// has.
    pub(crate) async fn sequence(self, session: &Session, cursor: &CursorName) -> Result<Sequence> {
        let position = match self {
            Self::Sequence(sequence) => return Ok(sequence),
            Self::Position(position) => position,
        };
        let refused = || {
            let why = format!(
                "the position {position} is of another epoch: of another stream, or the stream was begun anew"
            );
            Error::new(ErrorKind::Conflict, why)
        };
        session.cursor_place(cursor, position).await?.ok_or_else(refused)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match StartInput::deserialize(deserializer)?.0 {
            Start::After(sequence) => Ok(Self::Sequence(sequence)),
            Start::At(position) => Ok(Self::Position(position)),
            Start::Earliest | Start::Latest => {
                Err(D::Error::custom("a place is a sequence or a position, not a word"))
            }
        }
    }
}

/// Holds a start as JSON has it: a number, or the text of a [`Start`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StartInput(pub(crate) Start);

impl<'de> Deserialize<'de> for StartInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = StartInput;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence, or a position in quotes")
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<StartInput, E> {
                Sequence::new(number).map(|sequence| StartInput(Start::After(sequence))).map_err(E::custom)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<StartInput, E> {
                text.parse().map(StartInput).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbers_or_positions() {
        let place = |json: &str| serde_json::from_str::<Place>(json);
        assert_eq!(place("7").unwrap(), Place::Sequence(Sequence::new(7).unwrap()));
        assert_eq!(place("\"7\"").unwrap(), Place::Sequence(Sequence::new(7).unwrap()));
        assert!(matches!(place("\"00000000000000ab:7\"").unwrap(), Place::Position(_)));
        for bad in ["-1", "1.5", "\"latest\"", "null", "9223372036854775808", "[]"] {
            assert!(place(bad).is_err(), "{bad}");
        }
        assert_eq!(serde_json::from_str::<StartInput>("\"latest\"").unwrap().0, Start::Latest);
    }
}
