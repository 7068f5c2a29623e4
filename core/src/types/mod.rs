//! The words of the contract as types, with one fallible constructor each.

mod channel;
mod commit;
mod content_type;
mod cursor;
mod event;
mod headers;
mod ids;
mod names;
mod page;
mod pattern;
mod position;
mod receipt;
mod record;
mod retention;
mod selector;
mod sequence;
mod timestamp;

pub use channel::ChannelName;
pub use commit::{Commit, Expect, NewEvent};
pub use content_type::ContentType;
pub use cursor::{Cursor, CursorExpect, CursorMove, CursorTarget};
pub use event::{Event, WireForm};
pub use headers::Headers;
pub use ids::{CommitId, EventId};
pub use names::{CursorName, QueueName, RecordKey, Source, StreamName};
pub use page::{Direction, Gap, Page, ReadQuery, Reset};
pub use pattern::ChannelPattern;
pub use position::{Bounds, Epoch, Position, Start};
pub use receipt::{Appended, Receipt};
pub use record::{Record, RecordChange, RecordExpect};
pub use retention::{Retention, Trimmed};
pub use selector::{Scope, Selector};
pub use sequence::Sequence;
pub use timestamp::Timestamp;

/// Implements `Display`, `Debug`, `FromStr`, `AsRef<str>` and serde for a validated text newtype over its `new` and `as_str`.
macro_rules! text_newtype {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = crate::Error;
            fn from_str(text: &str) -> crate::Result<Self> {
                Self::new(text)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text_newtype;
