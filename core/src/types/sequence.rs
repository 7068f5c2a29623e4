//! Sequences.

use crate::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// Numbers an event in its stream: from 1, without holes in the order of commits, never used twice.
///
/// [`Sequence::ZERO`] belongs to no event; as a place to read on from it means "before the first". The greatest sequence is
/// 2^63 - 1, so that every store can keep it in a signed integer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
#[serde(transparent)]
pub struct Sequence(u64);

impl Sequence {
    /// The place before the first event.
    pub const ZERO: Self = Self(0);
    /// The greatest sequence.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// Checks a number.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is above 2^63 - 1.
    pub fn new(number: u64) -> Result<Self> {
        if number > Self::MAX.0 {
            return Err(Error::invalid("a sequence is at most 9223372036854775807"));
        }
        Ok(Self(number))
    }

    /// Returns the number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the number as stores with signed integers keep it.
    pub const fn to_i64(self) -> i64 {
        self.0 as i64
    }

    /// Makes a sequence of a store's signed integer; a negative one counts as zero.
    pub const fn from_i64(number: i64) -> Self {
        Self(if number < 0 { 0 } else { number as u64 })
    }

    /// Returns the sequence `count` after this one, at most [`Sequence::MAX`].
    pub const fn plus(self, count: u64) -> Self {
        let sum = self.0.saturating_add(count);
        if sum > Self::MAX.0 { Self::MAX } else { Self(sum) }
    }

    /// Returns the sequence after this one, at most [`Sequence::MAX`].
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// Returns the sequence before this one; zero stays zero.
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Sequence {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        // `u64::from_str` takes a leading plus; a sequence has one spelling.
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::invalid("a sequence is a whole number, from 0"));
        }
        Self::new(text.parse().map_err(|_| Error::invalid("a sequence is at most 9223372036854775807"))?)
    }
}

impl<'de> Deserialize<'de> for Sequence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        assert_eq!("42".parse::<Sequence>().unwrap().get(), 42);
        for bad in ["", "+1", "-1", " 1", "1.0", "9223372036854775808", "99999999999999999999"] {
            assert!(bad.parse::<Sequence>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn never_beyond_the_greatest() {
        assert_eq!(Sequence::MAX.next(), Sequence::MAX);
        assert_eq!(Sequence::ZERO.previous(), Sequence::ZERO);
    }
}
