//! Names that people give: streams, cursors, queues, records, sources.

use super::text_newtype;
use crate::{Error, Result};
use std::sync::Arc;

/// Names a stream: 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or a digit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(Arc<str>);

impl StreamName {
    /// Greatest length in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Checks a stream name.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it breaks the rule above.
    pub fn new(name: &str) -> Result<Self> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !begins || name.len() > Self::MAX_BYTES || !name.chars().all(allowed) {
            return Err(Error::invalid(
                "a stream name is 1 to 64 of a-z 0-9 . _ - and begins with a letter or a digit",
            ));
        }
        Ok(Self(name.into()))
    }

    /// Returns the stream that a small broker has: `main`.
    pub fn main() -> Self {
        Self("main".into())
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_newtype!(StreamName);

/// Defines a name of visible text with a limit in bytes.
macro_rules! visible_name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Greatest length in bytes.
            pub const MAX_BYTES: usize = $max;

            /// Checks the text.
            ///
            /// # Errors
            /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is empty, too long or holds a control character.
            pub fn new(text: &str) -> Result<Self> {
                if text.is_empty() || text.len() > Self::MAX_BYTES || text.chars().any(char::is_control) {
                    return Err(Error::invalid(concat!(
                        $what, " is 1 to ", $max, " bytes of UTF-8 without control characters"
                    )));
                }
                Ok(Self(text.into()))
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        text_newtype!($name);
    };
}

visible_name!(
    /// Names a cursor of a stream: 1 to 255 bytes of UTF-8 without control characters.
    CursorName, "a cursor name", 255
);
visible_name!(
    /// Names a queue: 1 to 255 bytes of UTF-8 without control characters.
    QueueName, "a queue name", 255
);
visible_name!(
    /// Names a record of a stream: 1 to 255 bytes of UTF-8 without control characters.
    RecordKey, "a record key", 255
);
visible_name!(
    /// Identifies the client that published an event: 1 to 255 bytes of UTF-8 without control characters.
    ///
    /// A reader that names its own source in a selector is not given its own events (RSE's echo rule).
    Source, "a source", 255
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_names_are_plain() {
        assert!(StreamName::new("main").is_ok());
        assert!(StreamName::new("eu-1.orders_2").is_ok());
        for bad in ["", "-a", "A", "a/b", "a b", "ä", &"a".repeat(65)] {
            assert!(StreamName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn visible_names_refuse_control_characters() {
        assert!(CursorName::new("billing / eu").is_ok());
        for bad in ["", "a\0", "a\n", &"a".repeat(256)] {
            assert!(CursorName::new(bad).is_err(), "{bad:?}");
        }
    }
}
