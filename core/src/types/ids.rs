//! Ids that make a repeated call harmless.

use super::text_newtype;
use crate::{Error, Result};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use uuid::Uuid;

/// Identifies an event for its publisher: the idempotency key.
///
/// 1 to 255 bytes of UTF-8 without control characters. A UUID in its lower-case canonical text is kept as 16 bytes. Publishers
/// that give none get a UUIDv7.
#[derive(Clone)]
pub struct EventId(Repr);

#[derive(Clone)]
enum Repr {
    /// The canonical text is kept beside it: it is asked for on every wire.
    Uuid(Uuid, [u8; 36]),
    Text(Arc<str>),
}

impl EventId {
    /// Greatest length in bytes.
    pub const MAX_BYTES: usize = 255;

    /// Checks an id.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is empty, too long or holds a control character.
    pub fn new(text: &str) -> Result<Self> {
        if text.len() == 36
            && let Ok(uuid) = Uuid::try_parse(text)
        {
            let id = Self::from_uuid(*uuid.as_bytes());
            // Another spelling of the same UUID is another id: what the publisher wrote is what readers see.
            if id.as_str() == text {
                return Ok(id);
            }
        }
        if text.is_empty() || text.len() > Self::MAX_BYTES || text.chars().any(char::is_control) {
            return Err(Error::invalid("an event id is 1 to 255 bytes of UTF-8 without control characters"));
        }
        Ok(Self(Repr::Text(text.into())))
    }

    /// Makes an id of a UUID's 16 bytes.
    pub fn from_uuid(bytes: [u8; 16]) -> Self {
        let uuid = Uuid::from_bytes(bytes);
        let mut text = [0; 36];
        uuid.hyphenated().encode_lower(&mut text);
        Self(Repr::Uuid(uuid, text))
    }

    /// Makes a new UUIDv7, which grows with time within a process.
    pub fn generate() -> Self {
        Self::from_uuid(Uuid::now_v7().into_bytes())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Uuid(_, text) => std::str::from_utf8(text).unwrap_or_default(),
            Repr::Text(text) => text,
        }
    }

    /// Returns the UUID's 16 bytes, when the id is one, for stores that keep it so.
    pub fn as_uuid(&self) -> Option<[u8; 16]> {
        match &self.0 {
            Repr::Uuid(uuid, _) => Some(*uuid.as_bytes()),
            Repr::Text(_) => None,
        }
    }
}

impl PartialEq for EventId {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Uuid(a, _), Repr::Uuid(b, _)) => a == b,
            (Repr::Text(a), Repr::Text(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for EventId {}

impl Hash for EventId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Uuid(uuid, _) => uuid.hash(state),
            Repr::Text(text) => text.hash(state),
        }
    }
}

text_newtype!(EventId);

/// Identifies a commit for its author: repeated within the promised window, it returns the first receipt and does nothing.
///
/// 1 to 255 bytes of UTF-8 without control characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CommitId(EventId);

impl CommitId {
    /// Checks an id.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is empty, too long or holds a control character.
    pub fn new(text: &str) -> Result<Self> {
        EventId::new(text)
            .map(Self)
            .map_err(|_| Error::invalid("a commit id is 1 to 255 bytes of UTF-8 without control characters"))
    }

    /// Makes a new UUIDv7.
    pub fn generate() -> Self {
        Self(EventId::generate())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

text_newtype!(CommitId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_compact_only_in_its_canonical_text() {
        let canonical = EventId::new("1b671a64-40d5-491e-99b0-da01ff1f3341").unwrap();
        let shouted = EventId::new("1B671A64-40D5-491E-99B0-DA01FF1F3341").unwrap();
        assert!(canonical.as_uuid().is_some());
        assert!(shouted.as_uuid().is_none());
        assert_ne!(canonical, shouted);
        assert_eq!(shouted.as_str(), "1B671A64-40D5-491E-99B0-DA01FF1F3341");
    }

    #[test]
    fn generated_ids_grow() {
        let ids: Vec<_> = (0..1000).map(|_| EventId::generate().as_uuid().unwrap()).collect();
        assert!(ids.is_sorted());
    }
}
