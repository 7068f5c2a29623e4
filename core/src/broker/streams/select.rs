//! Deciding which streams channels, selections and commits are in.

use super::{MAIN, StreamRules, hash};
use crate::{ChannelName, ChannelPattern, Commit, Error, Result, Scope, Selector, StreamName};
use std::collections::BTreeSet;

/// How many streams a message names.
const MOST_NAMED: usize = 3;

impl StreamRules {
    /// Returns the stream of a channel.
    pub fn of_channel(&self, channel: &ChannelName) -> &StreamName {
        &self.streams[self.place(channel.as_str())].name
    }

    /// Returns the one stream that a selection is in.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput), naming the streams, when it is in several: when there can be channels of
    /// it in more than one stream, whether they exist or not.
    pub fn of_selector(&self, selector: &Selector) -> Result<&StreamName> {
        if self.streams.len() == 1 {
            return Ok(&self.streams[MAIN].name);
        }
        let mut found = BTreeSet::new();
        selector.scopes().iter().for_each(|scope| self.add_scope(scope, &mut found));
        self.only(&found, |streams| {
            format!(
                "a selection is of one stream, and this one is of {streams}: \
                 ask for the channels of each stream by themselves"
            )
        })
    }

    /// Returns the one stream that a commit's events are in, and `main` for one without events.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput), naming the streams, when they are in several.
    pub fn of_commit(&self, commit: &Commit) -> Result<&StreamName> {
        if self.streams.len() == 1 {
            return Ok(&self.streams[MAIN].name);
        }
        let found = commit.append.iter().map(|event| self.place(event.channel.as_str())).collect();
        self.only(&found, |streams| {
            format!(
                "a commit is in one stream, and the events of this one are in {streams}: \
                 commit the events of each stream by themselves"
            )
        })
    }

    /// Lists the streams that a selection is in.
    pub(crate) fn all_of_selector(&self, selector: &Selector) -> Vec<&StreamName> {
        let mut found = BTreeSet::new();
        selector.scopes().iter().for_each(|scope| self.add_scope(scope, &mut found));
        found.into_iter().map(|place| &self.streams[place].name).collect()
    }

    fn only(&self, found: &BTreeSet<usize>, refuse: impl Fn(String) -> String) -> Result<&StreamName> {
        if found.len() > 1 {
            return Err(Error::invalid(refuse(self.named(found))));
        }
        Ok(&self.streams[found.first().copied().unwrap_or(MAIN)].name)
    }

    fn named(&self, found: &BTreeSet<usize>) -> String {
        let names: Vec<&str> =
            found.iter().take(MOST_NAMED).map(|place| self.streams[*place].name.as_str()).collect();
        match (found.len().saturating_sub(MOST_NAMED), &names[..]) {
            (0, [rest @ .., last]) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            (0, names) => names.join(", "),
            (more, names) => format!("{} and {more} more", names.join(", ")),
        }
    }

    /// The longest prefix wins, then the spread, then `main`.
    fn place(&self, channel: &str) -> usize {
        let prefixed = || {
            let cuts = channel.rmatch_indices('/').map(|(at, _)| &channel[..at]);
            std::iter::once(channel).chain(cuts).find_map(|prefix| self.prefixes.get(prefix).copied())
        };
        let first_segment = || segments(channel).next().unwrap_or_default();
        if self.prefixes.is_empty() { None } else { prefixed() }
            .unwrap_or_else(|| self.spread_place(first_segment()))
    }

    fn spread_place(&self, first_segment: &str) -> usize {
        match &self.spread {
            None => MAIN,
            Some(places) => {
                let number = hash::fnv1a(first_segment.as_bytes()) % places.len() as u64;
                places.start + number as usize
            }
        }
    }

    fn add_scope(&self, scope: &Scope, found: &mut BTreeSet<usize>) {
        match scope {
            Scope::Exact(name) => {
                found.insert(self.place(name.as_str()));
            }
            Scope::Ancestors(name) => {
                found.insert(self.place(name.as_str()));
                found.extend(name.ancestors().map(|above| self.place(above.as_str())));
            }
            Scope::Subtree(top) => {
                found.insert(self.place(top.as_str()));
                let below = self.prefixes.iter().filter(|(prefix, _)| prefix.is_within(top));
                found.extend(below.map(|(_, place)| *place));
            }
            Scope::Pattern(pattern) => self.add_pattern(pattern, found),
        }
    }

    /// Adds the streams of the most general channel that matches, and of the most general one within each prefix: any other channel
    /// that matches is in the stream of one of these.
    fn add_pattern(&self, pattern: &ChannelPattern, found: &mut BTreeSet<usize>) {
        let prefixes = self.prefixes.keys().map(|prefix| segments(prefix.as_str()).collect());
        for prefix in std::iter::once(Vec::new()).chain(prefixes) {
            if let Some(channel) = most_general(pattern, &prefix) {
                self.add_general(&channel, found);
            }
        }
    }

    fn add_general(&self, channel: &[Segment<'_>], found: &mut BTreeSet<usize>) {
        let covers = |prefix: &ChannelName| {
            let mut named = channel.iter();
            segments(prefix.as_str()).all(|segment| named.next() == Some(&Some(segment)))
        };
        let longest = self
            .prefixes
            .iter()
            .filter(|(prefix, _)| covers(prefix))
            .max_by_key(|(prefix, _)| prefix.as_str().len());
        let place = match (longest, channel.first(), &self.spread) {
            (Some((_, place)), _, _) => *place,
            // A first segment that may be anything may have any hash.
            (None, Some(None), Some(all)) => return found.extend(all.clone()),
            (None, Some(Some(first)), _) => self.spread_place(first),
            (None, _, _) => MAIN,
        };
        found.insert(place);
    }
}

/// A segment of a channel; `None` stands for one that no rule names.
type Segment<'a> = Option<&'a str>;

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').skip(1)
}

/// Makes the channel that matches a pattern and is within a prefix, and that has nothing else in particular; `None` when there is
/// none.
fn most_general<'a>(pattern: &'a ChannelPattern, prefix: &[&'a str]) -> Option<Vec<Segment<'a>>> {
    let mut channel = Vec::new();
    let mut wanted = prefix.iter().copied();
    for segment in segments(pattern.as_str()) {
        let want = wanted.next();
        match segment {
            "**" => {
                channel.push(want);
                channel.extend(wanted.map(Some));
                return Some(channel);
            }
            "*" => channel.push(want),
            literal if want.is_none_or(|want| want == literal) => channel.push(Some(literal)),
            _ => return None,
        }
    }
    wanted.next().is_none().then_some(channel)
}

#[cfg(test)]
mod tests {
    use super::super::StreamRule;
    use super::*;
    use crate::{ErrorKind, NewEvent};

    fn channel(name: &str) -> ChannelName {
        ChannelName::new(name).unwrap()
    }

    fn prefix(prefix: &str, name: &str) -> StreamRule {
        StreamRule::prefix(channel(prefix), StreamName::new(name).unwrap())
    }

    fn by_prefix() -> StreamRules {
        StreamRules::new([
            prefix("/orders", "orders"),
            prefix("/orders/eu/vip", "vip"),
            prefix("/shop/stock", "stock"),
        ])
        .unwrap()
    }

    fn spread() -> StreamRules {
        let rest = StreamRule::spread(StreamName::new("events").unwrap(), 16);
        StreamRules::new([prefix("/orders", "orders"), rest]).unwrap()
    }

    fn stream_of(rules: &StreamRules, scopes: &[&str]) -> Result<String, String> {
        let selector = Selector::new(scopes.iter().map(|text| Scope::parse(text).unwrap())).unwrap();
        rules.of_selector(&selector).map(ToString::to_string).map_err(|error| {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            error.message().to_owned()
        })
    }

    #[test]
    fn the_longest_prefix_wins() {
        let rules = by_prefix();
        for (name, stream) in [
            ("/orders", "orders"),
            ("/orders/", "orders"),
            ("/orders/eu", "orders"),
            ("/orders/eu/vip", "vip"),
            ("/orders/eu/vip/9", "vip"),
            ("/orders/eu/vips", "orders"),
            ("/ordersx", "main"),
            ("/shop", "main"),
            ("/shop/stock/9", "stock"),
            ("//orders", "main"),
        ] {
            assert_eq!(rules.of_channel(&channel(name)).as_str(), stream, "{name}");
        }
    }

    /// Fixed, in every release: events are stored where these say.
    #[test]
    fn a_first_segment_is_always_in_the_same_stream() {
        let rules = spread();
        let stream = |name: &str| rules.of_channel(&channel(name)).to_string();
        for (name, expected) in VECTORS {
            assert_eq!(stream(name), *expected, "{name}");
            assert_eq!(stream(&format!("{name}/below/it")), *expected, "{name}");
        }
        let used: BTreeSet<_> = (0..1000).map(|n| stream(&format!("/customer-{n}"))).collect();
        assert_eq!(used.len(), 16);
    }

    const VECTORS: &[(&str, &str)] = &[("/a", "events-12"), ("/b", "events-5"), ("/foobar", "events-8")];

    #[test]
    fn selections_of_one_stream_are_found() {
        let rules = by_prefix();
        for (scopes, stream) in [
            (&["/orders/eu"][..], "orders"),
            (&["/orders/eu", "/orders/us", "subtree:/orders/us"], "orders"),
            (&["subtree:/orders/eu/vip"], "vip"),
            (&["subtree:/shop/stock/9"], "stock"),
            (&["subtree:/other"], "main"),
            (&["ancestors:/orders/eu/de"], "orders"),
            (&["ancestors:/a/b/c"], "main"),
            (&["/orders/us/*"], "orders"),
            (&["/orders/us/**"], "orders"),
            (&["/orders/eu/vip/*"], "vip"),
            (&["/orders/*"], "orders"),
        ] {
            assert_eq!(stream_of(&rules, scopes).as_deref(), Ok(stream), "{scopes:?}");
        }
    }

    #[test]
    fn selections_of_several_streams_are_refused_and_the_streams_named() {
        let rules = by_prefix();
        for (scopes, streams) in [
            (&["/**"][..], "main, orders, vip and 1 more"),
            (&["/*"], "main and orders"),
            (&["/*/stock"], "main, orders and stock"),
            (&["subtree:/orders"], "orders and vip"),
            (&["subtree:/shop"], "main and stock"),
            (&["ancestors:/orders/eu/vip"], "orders and vip"),
            (&["ancestors:/shop/stock/9"], "main and stock"),
            (&["/orders/eu/*"], "orders and vip"),
            (&["/orders/**"], "orders and vip"),
            (&["/*/eu/vip"], "main and vip"),
            (&["/shop/*/x"], "main and stock"),
            (&["/orders/a", "/a"], "main and orders"),
        ] {
            let message = stream_of(&rules, scopes).unwrap_err();
            assert!(message.contains(&format!("is of {streams}:")), "{scopes:?}: {message}");
        }
        assert_eq!(stream_of(&StreamRules::default(), &["/**"]).as_deref(), Ok("main"));
    }

    #[test]
    fn spread_selections_go_by_their_first_segment() {
        let rules = spread();
        for (scopes, stream) in [
            (&["subtree:/a"][..], "events-12"),
            (&["ancestors:/a/b/c"], "events-12"),
            (&["/a/*", "/a"], "events-12"),
            (&["/a/**"], "events-12"),
            (&["subtree:/orders"], "orders"),
        ] {
            assert_eq!(stream_of(&rules, scopes).as_deref(), Ok(stream), "{scopes:?}");
        }
        assert!(stream_of(&rules, &["/**"]).unwrap_err().contains("events-0, events-1 and 14 more"));
        assert!(stream_of(&rules, &["/*/b"]).unwrap_err().contains("14 more"));
        assert!(stream_of(&rules, &["/a", "/b"]).unwrap_err().contains("events-5 and events-12"));
    }

    /// Whatever channels there are: none that a selection means is outside the streams that were found for it.
    #[test]
    fn no_channel_of_a_selection_is_overlooked() {
        let words = ["orders", "eu", "vip", "shop", "stock", "a"];
        let mut names = Vec::new();
        for first in words {
            names.push(format!("/{first}"));
            for second in words {
                names.push(format!("/{first}/{second}"));
                names.extend(words.iter().map(|third| format!("/{first}/{second}/{third}")));
            }
        }
        let stars = ["*", "**", "orders", "eu", "vip", "shop"];
        let mut texts: Vec<String> = stars.iter().map(|one| format!("/{one}")).collect();
        for first in stars.iter().filter(|one| **one != "**") {
            texts.extend(stars.iter().map(|second| format!("/{first}/{second}")));
            texts.extend(
                stars
                    .iter()
                    .filter(|one| **one != "**")
                    .flat_map(|second| stars.iter().map(move |third| format!("/{first}/{second}/{third}"))),
            );
        }
        texts.extend(names.iter().flat_map(|name| [format!("subtree:{name}"), format!("ancestors:{name}")]));
        for rules in [by_prefix(), spread()] {
            for text in &texts {
                let scope = Scope::parse(text).unwrap();
                let selector = Selector::new([scope.clone()]).unwrap();
                let found = rules.all_of_selector(&selector);
                let mut met = BTreeSet::new();
                for name in names.iter().filter(|name| scope.matches(name)) {
                    let stream = rules.of_channel(&channel(name));
                    assert!(found.contains(&stream), "{text} means {name} in {stream}, not {found:?}");
                    met.insert(stream);
                }
                // And nothing is refused for a stream that none of them can be in.
                let prefixed = found.iter().filter(|stream| !stream.as_str().starts_with("events-"));
                for stream in prefixed.filter(|stream| stream.as_str() != "main") {
                    assert!(met.contains(stream), "{text} has nothing in {stream}");
                }
            }
        }
    }

    #[test]
    fn a_commit_is_in_one_stream() {
        let rules = by_prefix();
        let commit =
            |names: &[&str]| Commit::append(names.iter().map(|name| NewEvent::new(channel(name), "x")));
        assert_eq!(rules.of_commit(&commit(&["/orders/a", "/orders/b"])).unwrap().as_str(), "orders");
        assert_eq!(rules.of_commit(&commit(&[])).unwrap(), &StreamName::main());
        let error = rules.of_commit(&commit(&["/orders/a", "/a"])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains("in main and orders:"), "{error}");
    }
}
