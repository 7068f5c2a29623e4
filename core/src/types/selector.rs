//! Which events a reader means.

use super::{ChannelName, ChannelPattern, Event, Source, channel};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Says which events a reader means: those of any of its scopes, but not those of one source, if it names one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    scopes: Vec<Scope>,
    except: Option<Source>,
}

/// Names channels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// This channel.
    Exact(ChannelName),
    /// This channel and all below it.
    Subtree(ChannelName),
    /// This channel and all above it.
    Ancestors(ChannelName),
    /// The channels that match.
    Pattern(ChannelPattern),
}

impl Scope {
    /// Reads `/a/b` as this channel, a path with stars as a pattern, and `subtree:/a`, `ancestors:/a` as they say.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when it is neither.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(name) = text.strip_prefix("subtree:") {
            ChannelName::new(name).map(Self::Subtree)
        } else if let Some(name) = text.strip_prefix("ancestors:") {
            ChannelName::new(name).map(Self::Ancestors)
        } else if text.contains('*') {
            ChannelPattern::new(text).map(Self::Pattern)
        } else {
            ChannelName::new(text).map(Self::Exact)
        }
    }

    /// Returns whether a channel is meant.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(this) => this.as_str() == name,
            Self::Subtree(top) => channel::is_within(name, top.as_str()),
            Self::Ancestors(bottom) => {
                bottom.as_str() == name || channel::ancestors(bottom.as_str()).any(|above| above == name)
            }
            Self::Pattern(pattern) => pattern.matches(name),
        }
    }

    /// Returns whether every channel that `other` means is meant. It may answer no where the answer is yes, never the reverse.
    pub fn contains(&self, other: &Scope) -> bool {
        match (self, other) {
            (_, Self::Exact(name)) => self.matches(name.as_str()),
            (_, Self::Ancestors(name)) => {
                self.matches(name.as_str()) && name.ancestors().all(|above| self.matches(above.as_str()))
            }
            (Self::Subtree(mine), Self::Subtree(theirs)) => theirs.is_within(mine),
            (Self::Subtree(mine), Self::Pattern(theirs)) => {
                channel::is_within(theirs.literal_prefix(), mine.as_str())
            }
            (Self::Pattern(mine), Self::Pattern(theirs)) => mine.contains(theirs),
            (Self::Pattern(mine), Self::Subtree(theirs)) => {
                mine.matches(theirs.as_str()) && mine.as_str().ends_with("/**")
            }
            (Self::Exact(_) | Self::Ancestors(_), Self::Subtree(_) | Self::Pattern(_)) => false,
        }
    }
}

impl fmt::Display for Scope {
    /// Writes the channel or pattern; subtrees and ancestors say so before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => name.fmt(f),
            Self::Subtree(name) => write!(f, "subtree:{name}"),
            Self::Ancestors(name) => write!(f, "ancestors:{name}"),
            Self::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

impl FromStr for Scope {
    type Err = Error;
    /// Reads what `Display` writes, as [`Scope::parse`] does.
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Selector {
    /// Greatest number of scopes.
    pub const MAX_SCOPES: usize = 256;

    /// Selects the events of any of some scopes.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when there is none, [`TooLarge`](ErrorKind::TooLarge) when there are more than
    /// [`MAX_SCOPES`](Self::MAX_SCOPES).
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self> {
        let mut list = Vec::new();
        for scope in scopes {
            if list.len() == Self::MAX_SCOPES {
                return Err(Error::new(ErrorKind::TooLarge, "a selector has at most 256 scopes"));
            }
            list.push(scope);
        }
        if list.is_empty() {
            return Err(Error::invalid("a selector names at least one channel"));
        }
        // One order, so that equal selections are equal values and share their work.
        list.sort_unstable();
        list.dedup();
        Ok(Self { scopes: list, except: None })
    }

    /// Selects every event.
    pub fn all() -> Self {
        Self::of(Scope::Pattern(ChannelPattern::all()))
    }

    /// Selects one channel.
    pub fn exact(channel: ChannelName) -> Self {
        Self::of(Scope::Exact(channel))
    }

    /// Selects a channel and all below it.
    pub fn subtree(channel: ChannelName) -> Self {
        Self::of(Scope::Subtree(channel))
    }

    /// Selects a channel and all above it.
    pub fn ancestors(channel: ChannelName) -> Self {
        Self::of(Scope::Ancestors(channel))
    }

    /// Selects the channels that match a pattern.
    pub fn pattern(pattern: ChannelPattern) -> Self {
        Self::of(Scope::Pattern(pattern))
    }

    fn of(scope: Scope) -> Self {
        Self { scopes: vec![scope], except: None }
    }

    /// Leaves out the events of one source.
    pub fn except(mut self, source: Source) -> Self {
        self.except = Some(source);
        self
    }

    /// Leaves out no source.
    pub fn without_exception(mut self) -> Self {
        self.except = None;
        self
    }

    /// Lists the scopes, in one fixed order.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Returns the source that is left out.
    pub fn excepted(&self) -> Option<&Source> {
        self.except.as_ref()
    }

    /// Returns whether a channel is meant by any scope.
    pub fn matches_channel(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.matches(name))
    }

    /// Returns whether a source's events are let through.
    pub fn matches_source(&self, source: Option<&Source>) -> bool {
        self.except.is_none() || source != self.except.as_ref()
    }

    /// Returns whether an event is meant.
    pub fn matches(&self, event: &Event) -> bool {
        self.matches_source(event.source.as_ref()) && self.matches_channel(event.channel.as_str())
    }

    /// Lists the channels by name when the selector means a fixed list of them, without subtrees and patterns.
    pub fn listed_channels(&self) -> Option<Vec<ChannelName>> {
        let mut names = Vec::new();
        for scope in &self.scopes {
            match scope {
                Scope::Exact(name) => names.push(name.clone()),
                Scope::Ancestors(name) => names.extend(std::iter::once(name.clone()).chain(name.ancestors())),
                Scope::Subtree(_) | Scope::Pattern(_) => return None,
            }
        }
        names.sort_unstable();
        names.dedup();
        Some(names)
    }

    /// Returns whether every channel is meant.
    pub fn is_all(&self) -> bool {
        self.scopes.iter().any(|scope| matches!(scope, Scope::Pattern(pattern) if pattern.as_str() == "/**"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ChannelName {
        ChannelName::new(text).unwrap()
    }

    fn subtree(text: &str) -> Scope {
        Scope::Subtree(name(text))
    }

    #[test]
    fn scopes_match_what_they_say() {
        assert!(
            subtree("/a").matches("/a") && subtree("/a").matches("/a/b") && !subtree("/a").matches("/ab")
        );
        let up = Scope::Ancestors(name("/a/b/c"));
        assert!(up.matches("/a/b/c") && up.matches("/a/b") && up.matches("/a"));
        assert!(!up.matches("/a/b/c/d") && !up.matches("/a/x") && !up.matches("/"));
        assert_eq!(Scope::parse("/a/*").unwrap(), Scope::Pattern(ChannelPattern::new("/a/*").unwrap()));
    }

    #[test]
    fn containment_never_says_yes_wrongly() {
        let scopes: Vec<Scope> = ["/a", "/a/b", "/a/b/c", "/ab"]
            .iter()
            .flat_map(|n| [Scope::Exact(name(n)), subtree(n), Scope::Ancestors(name(n))])
            .chain(["/**", "/*", "/a/*", "/a/**", "/*/b", "/a/*/c"].map(|p| Scope::parse(p).unwrap()))
            .collect();
        let names = ["/a", "/ab", "/x", "/a/b", "/a/x", "/x/b", "/a/b/c", "/a/x/c", "/a/b/c/d"];
        for outer in &scopes {
            for inner in &scopes {
                if outer.contains(inner) {
                    for n in names.iter().filter(|n| inner.matches(n)) {
                        assert!(outer.matches(n), "{outer:?} contains {inner:?} but not {n}");
                    }
                }
            }
        }
        assert!(Scope::parse("/a/**").unwrap().contains(&subtree("/a/b")));
        assert!(Scope::parse("/**").unwrap().contains(&Scope::Ancestors(name("/a/b"))));
        assert!(!Scope::parse("/a/**").unwrap().contains(&subtree("/a")));
    }

    #[test]
    fn equal_selections_are_equal_values() {
        let one = Selector::new([Scope::Exact(name("/b")), Scope::Exact(name("/a"))]).unwrap();
        let two =
            Selector::new([Scope::Exact(name("/a")), Scope::Exact(name("/b")), Scope::Exact(name("/a"))])
                .unwrap();
        assert_eq!(one, two);
        assert!(Selector::new([]).is_err());
        assert!(Selector::new((0..257).map(|n| Scope::Exact(name(&format!("/{n}"))))).is_err());
    }
}
