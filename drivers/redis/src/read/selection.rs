//! A selector as the scripts want it.

use crate::codec::pack::Pack;
use bytes::Bytes;
use eventweir::{ChannelName, Scope, Selector};

/// The channels that a selector means: the whole log, or names, and ranges of names with a pattern.
#[derive(Debug)]
pub(crate) struct Selection {
    all: bool,
    names: Vec<ChannelName>,
    ranges: Vec<Range>,
}

/// Names from `from` up to, and without, `to`. The pattern is one of Lua.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    from: String,
    to: String,
    pattern: String,
}

impl Range {
    /// Everything below a name; a name that is empty is above all.
    fn below(top: &str, pattern: String) -> Self {
        // `0` is the character after the slash.
        Self { from: format!("{top}/"), to: format!("{top}0"), pattern }
    }
}

impl Selection {
    pub(crate) fn of(selector: &Selector) -> Self {
        let mut selection = Self { all: selector.is_all(), names: Vec::new(), ranges: Vec::new() };
        if selection.all {
            return selection;
        }
        selector.scopes().iter().for_each(|scope| selection.add(scope));
        selection.names.sort_unstable();
        selection.names.dedup();
        selection
    }

    fn add(&mut self, scope: &Scope) {
        match scope {
            Scope::Exact(name) => self.names.push(name.clone()),
            Scope::Ancestors(name) => {
                self.names.push(name.clone());
                self.names.extend(name.ancestors());
            }
            Scope::Subtree(top) => {
                self.names.push(top.clone());
                self.ranges.push(Range::below(top.as_str(), format!("^{}/", literal(top.as_str()))));
            }
            Scope::Pattern(pattern) => match ChannelName::new(pattern.as_str()) {
                // Without a star it is a name.
                Ok(name) => self.names.push(name),
                Err(_) => {
                    self.ranges.push(Range::below(pattern.literal_prefix(), lua_pattern(pattern.as_str())));
                }
            },
        }
    }

    pub(crate) fn is_all(&self) -> bool {
        self.all
    }

    pub(crate) fn packed(&self) -> Bytes {
        let mut pack = Pack::new();
        pack.array(3).number(u64::from(self.all));
        pack.list(self.names.len(), &self.names, |pack, name| {
            pack.text(name.as_str());
        });
        pack.list(self.ranges.len(), &self.ranges, |pack, Range { from, to, pattern }| {
            pack.array(3).text(from).text(to).text(pattern);
        });
        pack.finish().into()
    }
}

fn lua_pattern(pattern: &str) -> String {
    let segment = |segment: &str| match segment {
        "*" => "[^/]*".to_owned(),
        "**" => ".*".to_owned(),
        text => literal(text),
    };
    format!("^{}$", pattern.split('/').map(segment).collect::<Vec<_>>().join("/"))
}

/// Takes the meaning from what has one in Lua's patterns.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_ascii_punctuation() && c != '/' {
            out.push('%');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scope: &str) -> Selection {
        Selection::of(&Selector::new([Scope::parse(scope).unwrap()]).unwrap())
    }

    #[test]
    fn patterns_are_those_of_lua() {
        let range = |scope| of(scope).ranges.remove(0);
        assert_eq!(
            range("/a.b/*/c-d"),
            Range { from: "/a.b/".into(), to: "/a.b0".into(), pattern: "^/a%.b/[^/]*/c%-d$".into() }
        );
        assert_eq!(range("/*/**").pattern, "^/[^/]*/.*$");
        assert_eq!(range("subtree:/(x)").pattern, "^/%(x%)/");
        assert!(of("/**").is_all() && of("/a").ranges.is_empty());
        assert_eq!(of("ancestors:/a/b").names.len(), 2);
    }
}
