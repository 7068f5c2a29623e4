//! An event's attributes.

use crate::{Error, Result};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

type Pairs = Arc<[(Box<str>, Box<str>)]>;

/// Holds an event's attributes: names in lower case, each once, in the order of their names.
///
/// At most 64, together at most 16 KiB. A name is 1 to 128 of `a-z 0-9 - _ .`; a value is UTF-8 without control characters
/// but the tab. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Headers(Option<Pairs>);

impl Headers {
    /// Greatest number of headers.
    pub const MAX_COUNT: usize = 64;
    /// Greatest length of all names and values together, in bytes.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Checks names and values. Upper-case names are made lower-case.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when a name or value breaks the rule or a name comes twice, and
    /// [`TooLarge`](crate::ErrorKind::TooLarge) when there are too many.
    pub fn new<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<Self> {
        let mut list: Vec<(Box<str>, Box<str>)> = Vec::new();
        let mut bytes = 0;
        for (name, value) in pairs {
            let (name, value) = (name.as_ref().to_ascii_lowercase(), value.as_ref());
            check(&name, value)?;
            bytes += name.len() + value.len();
            if list.len() == Self::MAX_COUNT || bytes > Self::MAX_BYTES {
                return Err(Error::new(
                    crate::ErrorKind::TooLarge,
                    "an event has at most 64 headers of together 16 KiB",
                ));
            }
            list.push((name.into(), value.into()));
        }
        list.sort_unstable();
        if let Some(twice) = list.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::invalid(format!("the header {:?} is given twice", twice[0].0)));
        }
        Ok(Self(if list.is_empty() { None } else { Some(list.into()) }))
    }

    /// Returns the value of a header, by its lower-case name.
    pub fn value(&self, name: &str) -> Option<&str> {
        let pairs = self.0.as_ref()?;
        let at = pairs.binary_search_by(|(have, _)| (**have).cmp(name)).ok()?;
        Some(&pairs[at].1)
    }

    /// Lists names and values in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|pairs| pairs.iter()).map(|(name, value)| (&**name, &**value))
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the bytes of all names and values.
    pub fn bytes(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

fn check(name: &str, value: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > 128 || !name.bytes().all(allowed) {
        return Err(Error::invalid("a header name is 1 to 128 of a-z 0-9 - _ ."));
    }
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err(Error::invalid(format!("the header {name:?} has a control character in its value")));
    }
    Ok(())
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Headers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Headers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of header names and text values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut pairs = Vec::<(String, String)>::new();
                while let Some(pair) = map.next_entry()? {
                    if pairs.len() == Headers::MAX_COUNT {
                        return Err(serde::de::Error::custom("an event has at most 64 headers"));
                    }
                    pairs.push(pair);
                }
                Headers::new(pairs).map_err(serde::de::Error::custom)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_single() {
        let headers = Headers::new([("X-Trace", "1"), ("a", "2")]).unwrap();
        assert_eq!(headers.value("x-trace"), Some("1"));
        assert_eq!(headers.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "x-trace"]);
        assert!(Headers::new([("a", "1"), ("A", "2")]).is_err());
        assert!(Headers::new([("a b", "1")]).is_err());
        assert!(Headers::new([("a", "1\n2")]).is_err());
        assert!(Headers::new((0..65).map(|n| (format!("h{n}"), ""))).is_err());
    }
}
