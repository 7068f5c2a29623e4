//! Channel patterns: `*` stands for one segment, `**` for all that remain.

use super::{ChannelName, text_newtype};
use crate::{Error, Result};
use std::sync::Arc;

/// Matches channels by segments: `*` is any one segment, and `**`, only as the last, any one or more.
///
/// `/orders/*/paid` matches `/orders/eu/paid`; `/orders/**` matches `/orders/eu` and `/orders/eu/paid` but not `/orders`
/// itself; `/**` matches every channel. A star is a whole segment: `/or*` is refused.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelPattern(Arc<str>);

impl ChannelPattern {
    /// Checks a pattern.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is no channel name once its stars are replaced, when `**` is
    /// not last, or when a star is only part of a segment.
    pub fn new(pattern: &str) -> Result<Self> {
        let plain =
            pattern.split('/').map(|s| if s == "*" || s == "**" { "x" } else { s }).collect::<Vec<_>>();
        ChannelName::new(&plain.join("/"))
            .map_err(|error| Error::invalid(format!("the pattern is refused: {}", error.message())))?;
        if pattern.split('/').rev().skip(1).any(|segment| segment == "**") {
            return Err(Error::invalid("the pattern is refused: ** can only be its last segment"));
        }
        Ok(Self(pattern.into()))
    }

    /// Returns the pattern that matches every channel: `/**`.
    pub fn all() -> Self {
        Self("/**".into())
    }

    /// Returns the pattern's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a channel matches.
    pub fn matches(&self, channel: &str) -> bool {
        let mut names = channel.split('/');
        for segment in self.0.split('/') {
            match (segment, names.next()) {
                ("**", next) => return next.is_some(),
                (_, None) => return false,
                ("*", Some(_)) => {}
                (literal, Some(name)) if literal == name => {}
                _ => return false,
            }
        }
        names.next().is_none()
    }

    /// Returns the path before the first star, without a slash at its end: every match is below it. Empty for `/*` and `/**`.
    pub fn literal_prefix(&self) -> &str {
        match self.0.split('/').position(|segment| segment == "*" || segment == "**") {
            None => &self.0,
            Some(star) => {
                let length: usize = self.0.split('/').take(star).map(|segment| segment.len() + 1).sum();
                &self.0[..length.saturating_sub(1)]
            }
        }
    }

    /// Returns whether every channel that `other` matches is matched by this pattern.
    pub fn contains(&self, other: &ChannelPattern) -> bool {
        let mut theirs = other.0.split('/');
        for mine in self.0.split('/') {
            match (mine, theirs.next()) {
                ("**", next) => return next.is_some(),
                (_, None) | ("*", Some("**")) => return false,
                ("*", Some(_)) => {}
                (literal, Some(their)) if literal == their => {}
                _ => return false,
            }
        }
        theirs.next().is_none()
    }
}

text_newtype!(ChannelPattern);

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> ChannelPattern {
        ChannelPattern::new(text).unwrap()
    }

    #[test]
    fn stars_match_whole_segments() {
        assert!(pattern("/orders/*/paid").matches("/orders/eu/paid"));
        assert!(!pattern("/orders/*/paid").matches("/orders/eu/x/paid"));
        assert!(!pattern("/orders/*").matches("/orders"));
        assert!(pattern("/orders/**").matches("/orders/eu/paid"));
        assert!(!pattern("/orders/**").matches("/orders"));
        assert!(pattern("/**").matches("/anything/at/all"));
        assert!(!pattern("/a").matches("/ab"));
    }

    #[test]
    fn bad_patterns_are_refused() {
        for bad in ["", "*", "/or*", "/**/a", "/a/***", "/a b/*", "/../*"] {
            assert!(ChannelPattern::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn literal_prefix_stops_before_the_first_star() {
        assert_eq!(pattern("/a/b/*/c").literal_prefix(), "/a/b");
        assert_eq!(pattern("/**").literal_prefix(), "");
        assert_eq!(pattern("/a/b").literal_prefix(), "/a/b");
    }

    #[test]
    fn containment_is_by_segment() {
        assert!(pattern("/a/**").contains(&pattern("/a/*")));
        assert!(pattern("/a/**").contains(&pattern("/a/b/**")));
        assert!(!pattern("/a/*").contains(&pattern("/a/**")));
        assert!(!pattern("/a/**").contains(&pattern("/a")));
        assert!(pattern("/**").contains(&pattern("/x/y")));
    }
}
