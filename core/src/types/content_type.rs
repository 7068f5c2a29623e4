//! What an event's bytes are.

use super::text_newtype;
use crate::{Error, Result};
use std::sync::Arc;

/// Names what an event's bytes are: a media type, 3 to 255 bytes of visible ASCII.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ContentType(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Json,
    Binary,
    Other(Arc<str>),
}

impl ContentType {
    /// `application/json`: the data is one JSON text, checked when it is published.
    pub const JSON: Self = Self(Repr::Json);
    /// `application/octet-stream`: any bytes.
    pub const BINARY: Self = Self(Repr::Binary);
    /// Greatest length in bytes.
    pub const MAX_BYTES: usize = 255;

    /// Checks a media type.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is no `type/subtype` in visible ASCII.
    pub fn new(text: &str) -> Result<Self> {
        match text {
            "application/json" => return Ok(Self::JSON),
            "application/octet-stream" => return Ok(Self::BINARY),
            _ => {}
        }
        let visible = text.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        let slash = text.find('/').is_some_and(|at| at > 0 && at + 1 < text.len());
        if text.len() > Self::MAX_BYTES || !visible || !slash {
            return Err(Error::invalid(
                "a content type is a media type, such as application/json, of at most 255 bytes",
            ));
        }
        Ok(Self(Repr::Other(text.into())))
    }

    /// Returns the media type.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Json => "application/json",
            Repr::Binary => "application/octet-stream",
            Repr::Other(text) => text,
        }
    }

    /// Returns whether the data is JSON: `application/json`, or a type that ends in `+json`, with any parameters.
    pub fn is_json(&self) -> bool {
        match &self.0 {
            Repr::Json => true,
            Repr::Binary => false,
            Repr::Other(text) => {
                let essence = text.split(';').next().unwrap_or_default().trim();
                essence.eq_ignore_ascii_case("application/json")
                    || essence.len() > 5
                        && essence.as_bytes()[essence.len() - 5..].eq_ignore_ascii_case(b"+json")
            }
        }
    }
}

text_newtype!(ContentType);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_recognised_in_all_its_spellings() {
        for json in [
            "application/json",
            "application/json; charset=utf-8",
            "application/cloudevents+json",
            "APPLICATION/JSON",
        ] {
            assert!(ContentType::new(json).unwrap().is_json(), "{json}");
        }
        for other in ["text/plain", "application/octet-stream", "application/jsonp"] {
            assert!(!ContentType::new(other).unwrap().is_json(), "{other}");
        }
        for bad in ["", "json", "/", "a/", "a/b\n", "ä/b"] {
            assert!(ContentType::new(bad).is_err(), "{bad:?}");
        }
    }
}
