//! Which channels are in which stream.

mod hash;
mod select;

use crate::{ChannelName, Error, ErrorKind, Result, Retention, StreamName};
use std::collections::HashMap;
use std::ops::Range;

/// Puts channels into streams: those at and below a prefix into one, or all that no prefix takes into several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRule {
    channels: Channels,
    name: StreamName,
    retention: Option<Retention>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Channels {
    /// This channel and all below it.
    Within(ChannelName),
    /// What no prefix takes, over so many streams.
    Rest(u32),
}

impl StreamRule {
    /// Greatest number of streams to spread channels over.
    pub const MAX_SPREAD: u32 = 1024;

    /// Puts a channel and all below it into a stream.
    pub fn prefix(prefix: ChannelName, stream: StreamName) -> Self {
        Self { channels: Channels::Within(prefix), name: stream, retention: None }
    }

    /// Spreads the channels that no prefix takes over the streams `name-0` to `name-(count-1)`, by a hash of their first segment.
    ///
    /// The hash is FNV-1a of 64 bits over the bytes of the segment, and its remainder by `count` is the stream's number: the same
    /// on every broker and in every release.
    pub fn spread(name: StreamName, count: u32) -> Self {
        Self { channels: Channels::Rest(count), name, retention: None }
    }

    /// Sets what the rule's streams keep, in the place of the broker's retention.
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = Some(retention);
        self
    }
}

/// Holds the rules that say which stream each channel is in. Channels that no rule names are in `main`.
///
/// The longest prefix wins; what no prefix takes goes by the rule that spreads, if there is one. All brokers of a store must have
/// the same rules. A changed rule moves channels to other streams: events that are there stay in the stream that they are in.
///
/// ```
/// use eventweir::{ChannelName, Scope, Selector, StreamName, StreamRule, StreamRules};
/// let rules = StreamRules::new([
///     StreamRule::prefix(ChannelName::new("/orders")?, StreamName::new("orders")?),
///     StreamRule::spread(StreamName::new("events")?, 16),
/// ])?;
/// assert_eq!(rules.of_channel(&ChannelName::new("/orders/eu")?).as_str(), "orders");
/// assert_eq!(rules.of_channel(&ChannelName::new("/stock/eu")?).as_str(), "events-5");
/// assert_eq!(rules.of_selector(&Selector::subtree(ChannelName::new("/orders")?))?.as_str(), "orders");
/// assert!(rules.of_selector(&Selector::all()).is_err());
/// # Ok::<(), eventweir::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StreamRules {
    /// All streams; the first is `main`.
    streams: Vec<Stream>,
    /// Places in `streams`, by prefix.
    prefixes: HashMap<ChannelName, usize>,
    /// The places of the streams that the rest is spread over.
    spread: Option<Range<usize>>,
}

#[derive(Clone, Debug)]
struct Stream {
    name: StreamName,
    retention: Option<Retention>,
}

/// The place of `main`.
const MAIN: usize = 0;

impl Default for StreamRules {
    fn default() -> Self {
        let main = Stream { name: StreamName::main(), retention: None };
        Self { streams: vec![main], prefixes: HashMap::new(), spread: None }
    }
}

impl StreamRules {
    /// Checks rules together.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming the rule: two of one prefix, two that spread, a prefix that ends with a slash, a
    /// spread of none or of more than [`StreamRule::MAX_SPREAD`], a stream that is also one of a spread, rules of one stream that
    /// differ in what it keeps.
    pub fn new(rules: impl IntoIterator<Item = StreamRule>) -> Result<Self> {
        let mut this = Self::default();
        let (mut spread, mut within) = (None, Vec::new());
        for rule in rules {
            match rule.channels {
                Channels::Within(prefix) => within.push((prefix, rule.name, rule.retention)),
                Channels::Rest(_) if spread.is_some() => {
                    return Err(refused("only one rule can spread what no prefix takes".to_owned()));
                }
                Channels::Rest(count) => spread = Some((rule.name, count, rule.retention)),
            }
        }
        for (prefix, name, retention) in within {
            this.add_prefix(prefix, name, retention)?;
        }
        if let Some((name, count, retention)) = spread {
            this.add_spread(&name, count, retention)?;
        }
        Ok(this)
    }

    fn add_prefix(
        &mut self,
        prefix: ChannelName,
        name: StreamName,
        retention: Option<Retention>,
    ) -> Result<()> {
        if prefix.as_str().ends_with('/') {
            return Err(refused(format!(
                "the prefix {prefix} ends with a slash, which no sub-channel follows"
            )));
        }
        let place = match self.place_of(&name) {
            Some(MAIN) if retention.is_some() => {
                return Err(refused(format!("the rule of {prefix} cannot say what the stream main keeps")));
            }
            Some(place) if place != MAIN && self.streams[place].retention != retention => {
                let why = format!("the stream {name} has several rules, which must agree on what it keeps");
                return Err(refused(why));
            }
            Some(place) => place,
            None => self.add(name, retention),
        };
        if self.prefixes.insert(prefix.clone(), place).is_some() {
            return Err(refused(format!("the prefix {prefix} has two rules")));
        }
        Ok(())
    }

    fn add_spread(&mut self, name: &StreamName, count: u32, retention: Option<Retention>) -> Result<()> {
        if count == 0 || count > StreamRule::MAX_SPREAD {
            let most = StreamRule::MAX_SPREAD;
            return Err(refused(format!("channels are spread over 1 to {most} streams, not over {count}")));
        }
        let first = self.streams.len();
        for number in 0..count {
            let stream = StreamName::new(&format!("{name}-{number}")).map_err(|error| {
                refused(format!("the rule {name} cannot number its streams: {}", error.message()))
            })?;
            if self.place_of(&stream).is_some() {
                return Err(refused(format!(
                    "the stream {stream} has a rule of its own, and is one of a spread"
                )));
            }
            self.add(stream, retention);
        }
        self.spread = Some(first..self.streams.len());
        Ok(())
    }

    fn add(&mut self, name: StreamName, retention: Option<Retention>) -> usize {
        self.streams.push(Stream { name, retention });
        self.streams.len() - 1
    }

    fn place_of(&self, name: &StreamName) -> Option<usize> {
        self.streams.iter().position(|stream| stream.name == *name)
    }

    /// Lists all streams that channels are put into, and `main`.
    pub fn names(&self) -> impl Iterator<Item = &StreamName> {
        self.streams.iter().map(|stream| &stream.name)
    }

    /// Returns whether a stream is `main` or named by a rule.
    pub fn knows(&self, stream: &StreamName) -> bool {
        self.place_of(stream).is_some()
    }

    /// Returns what a stream keeps, if a rule says so.
    pub fn retention_of(&self, stream: &StreamName) -> Option<Retention> {
        self.place_of(stream).and_then(|place| self.streams[place].retention)
    }

    /// Lists what streams keep whose rules say so.
    pub fn retentions(&self) -> impl Iterator<Item = Retention> + '_ {
        self.streams.iter().filter_map(|stream| stream.retention)
    }
}

fn refused(why: String) -> Error {
    Error::new(ErrorKind::Config, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn prefix(prefix: &str, name: &str) -> StreamRule {
        StreamRule::prefix(ChannelName::new(prefix).unwrap(), StreamName::new(name).unwrap())
    }

    fn spread(name: &str, count: u32) -> StreamRule {
        StreamRule::spread(StreamName::new(name).unwrap(), count)
    }

    fn hour() -> Retention {
        Retention { max_age: Some(Duration::from_secs(3600)), ..Retention::FOREVER }
    }

    #[test]
    fn rules_that_contradict_each_other_are_refused_by_name() {
        let long = "a".repeat(64);
        for (rules, word) in [
            (vec![prefix("/a", "x"), prefix("/a", "y")], "/a has two rules"),
            (vec![spread("x", 2), spread("y", 2)], "only one rule"),
            (vec![prefix("/a/", "x")], "ends with a slash"),
            (vec![spread("x", 0)], "1 to 1024"),
            (vec![spread("x", 1025)], "1 to 1024"),
            (vec![spread(&long, 2)], "cannot number"),
            (vec![spread("x", 4), prefix("/a", "x-3")], "x-3"),
            (vec![prefix("/a", "x"), prefix("/b", "x").with_retention(hour())], "must agree"),
            (vec![prefix("/a", "main").with_retention(hour())], "main"),
        ] {
            let error = StreamRules::new(rules).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains(word), "{error}");
        }
    }

    #[test]
    fn several_prefixes_may_share_a_stream() {
        let rules = StreamRules::new([
            prefix("/orders", "shop").with_retention(hour()),
            prefix("/stock", "shop").with_retention(hour()),
            prefix("/internal", "main"),
            spread("rest", 2),
        ])
        .unwrap();
        let names: Vec<_> = rules.names().map(StreamName::as_str).collect();
        assert_eq!(names, ["main", "shop", "rest-0", "rest-1"]);
        assert_eq!(rules.retention_of(&StreamName::new("shop").unwrap()), Some(hour()));
        assert_eq!(rules.retention_of(&StreamName::main()), None);
        assert!(rules.knows(&StreamName::main()) && !rules.knows(&StreamName::new("rest").unwrap()));
    }
}
