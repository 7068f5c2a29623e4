//! JSON arrays and objects that cannot take more memory than they are worth.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Holds an array of at most `MOST` elements; one more is an error, before it takes any memory.
pub(crate) struct AtMost<T, const MOST: usize>(pub(crate) Vec<T>);

impl<T, const MOST: usize> Default for AtMost<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for AtMost<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T, const MOST: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Elements<T, MOST> {
            type Value = Vec<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an array of at most {MOST} elements")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = elements.next_element()? {
                    if list.len() == MOST {
                        return Err(A::Error::custom(format!("an array has more than {MOST} elements")));
                    }
                    list.push(element);
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(Elements::<T, MOST>(PhantomData)).map(Self)
    }
}

/// Holds an object of at most `MOST` members, each named once.
pub(crate) struct Members<'a, const MOST: usize>(pub(crate) BTreeMap<String, &'a RawValue>);

impl<'de: 'a, 'a, const MOST: usize> Deserialize<'de> for Members<'a, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<const MOST: usize>;
        impl<'de, const MOST: usize> Visitor<'de> for Pairs<MOST> {
            type Value = BTreeMap<String, &'de RawValue>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an object of at most {MOST} members")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = pairs.next_entry::<String, &'de RawValue>()? {
                    if members.len() == MOST {
                        return Err(A::Error::custom(format!("an object has more than {MOST} members")));
                    }
                    if members.contains_key(&name) {
                        return Err(A::Error::custom(format!("{name:?} stands there twice")));
                    }
                    members.insert(name, value);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Pairs::<MOST>).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_is_refused() {
        assert_eq!(serde_json::from_str::<AtMost<u8, 2>>("[1,2]").map(|list| list.0).unwrap(), [1, 2]);
        assert!(serde_json::from_str::<AtMost<u8, 2>>("[1,2,3]").is_err());
        assert_eq!(serde_json::from_str::<Members<'_, 2>>(r#"{"a":1,"b":[]}"#).unwrap().0.len(), 2);
        assert!(serde_json::from_str::<Members<'_, 2>>(r#"{"a":1,"b":[],"c":1}"#).is_err());
        assert!(serde_json::from_str::<Members<'_, 2>>(r#"{"a":1,"a":1}"#).is_err());
    }
}
