//! Channel names.

use super::text_newtype;
use crate::{Error, Result};
use std::sync::Arc;

/// Names a channel: a path in a stream, such as `/orders/eu`.
///
/// A channel exists by being published to. Names are compared byte for byte: `/a`, `/a/`, `/A` and `/a//b` are four channels.
/// The rule: 2 to 1,024 bytes of UTF-8 and at most 64 segments; begins with `/`; no control character, no white space, none
/// of `* ? # % \ " < >` (so that a name is never mistaken for a pattern, and needs no second decoding); and no segment `.`
/// or `..` (so that no proxy can make one channel into another).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelName(Arc<str>);

impl ChannelName {
    /// Greatest length in bytes.
    pub const MAX_BYTES: usize = 1024;
    /// Greatest number of segments.
    pub const MAX_SEGMENTS: usize = 64;

    /// Checks a channel name.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it breaks the rule above; the message says which part.
    pub fn new(name: &str) -> Result<Self> {
        check(name)?;
        Ok(Self(name.into()))
    }

    /// Returns the name, with its leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this channel is `of` or one of its sub-channels: what begins with `of` followed by `/`.
    pub fn is_within(&self, of: &ChannelName) -> bool {
        is_within(&self.0, &of.0)
    }

    /// Lists the channels above this one, nearest first: `/a/b/c` gives `/a/b`, `/a`.
    ///
    /// Empty segments make no ancestor of their own: `/a//b` gives `/a`, and `/a/b/` gives `/a/b`, `/a`.
    pub fn ancestors(&self) -> impl Iterator<Item = ChannelName> + '_ {
        ancestors(&self.0).map(|name| ChannelName(name.into()))
    }
}

text_newtype!(ChannelName);

impl std::borrow::Borrow<str> for ChannelName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

pub(crate) fn is_within(name: &str, of: &str) -> bool {
    name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    name.rmatch_indices('/')
        .map(move |(at, _)| &name[..at])
        .filter(|above| !above.is_empty() && !above.ends_with('/'))
}

/// The rule of channels; patterns share it but for the stars.
fn check(name: &str) -> Result<()> {
    if name.len() > ChannelName::MAX_BYTES {
        return Err(Error::invalid("a channel name has at most 1,024 bytes"));
    }
    if !name.starts_with('/') || name.len() < 2 {
        return Err(Error::invalid("a channel name begins with / and has at least one more character"));
    }
    if let Some(bad) = name.chars().find(|c| !is_allowed(*c)) {
        return Err(Error::invalid(format!("a channel name cannot contain {bad:?}")));
    }
    let mut segments = 0;
    for segment in name[1..].split('/') {
        segments += 1;
        if segment == "." || segment == ".." {
            return Err(Error::invalid("a channel name cannot contain the segment . or .."));
        }
    }
    if segments > ChannelName::MAX_SEGMENTS {
        return Err(Error::invalid("a channel name has at most 64 segments"));
    }
    Ok(())
}

fn is_allowed(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '/' | '_' | '-' | '.' => true,
        '*' | '?' | '#' | '%' | '\\' | '"' | '<' | '>' => false,
        // Marks that turn the direction of text, or take no room, would let two names look alike.
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => false,
        other => !other.is_control() && !other.is_whitespace(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_pass() {
        for good in ["/a", "/orders/eu", "/a/", "/a//b", "/ä/日本", "/a.b/~c:d@e", "/A_-9"] {
            assert!(ChannelName::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn hostile_names_are_refused() {
        let long = format!("/{}", "a".repeat(1024));
        let deep = "/a".repeat(65);
        for bad in [
            "",
            "/",
            "a",
            "/a b",
            "/a\0",
            "/a\n",
            "/.",
            "/a/../b",
            "/a/.",
            "/a/*",
            "/**",
            "/a%2f",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/a\u{202e}b",
            "/a\u{a0}b",
            &long,
            &deep,
        ] {
            assert!(ChannelName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ancestors_have_no_empty_last_segment() {
        let above = |name: &str| {
            ChannelName::new(name).unwrap().ancestors().map(|c| c.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(above("/a/b/c"), ["/a/b", "/a"]);
        assert_eq!(above("/a"), [""; 0]);
        assert_eq!(above("/a/b/"), ["/a/b", "/a"]);
        assert_eq!(above("/a//b"), ["/a"]);
    }

    #[test]
    fn siblings_with_a_common_prefix_are_not_within() {
        let name = |n| ChannelName::new(n).unwrap();
        assert!(name("/shop/eu").is_within(&name("/shop/eu")));
        assert!(name("/shop/eu/x").is_within(&name("/shop/eu")));
        assert!(!name("/shop/europe").is_within(&name("/shop/eu")));
    }
}
