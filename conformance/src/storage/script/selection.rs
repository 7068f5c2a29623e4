//! What a random read selects.

use super::step::{CHANNELS, PATTERNS, SOURCES};
use crate::words::{channel, pattern, scopes, source};
use eventweir::{Scope, Selector};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, prop_oneof};
use std::fmt;

/// Scopes by their kind and their place in [`CHANNELS`], and a source of [`SOURCES`] that is left out.
#[derive(Clone, Debug)]
pub(crate) struct SelectorStep {
    scopes: Vec<(ScopeKind, usize)>,
    except: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum ScopeKind {
    Exact,
    Subtree,
    Ancestors,
    /// Of [`PATTERNS`].
    Pattern,
}

impl SelectorStep {
    /// Makes the selector.
    pub(crate) fn selector(&self) -> Selector {
        let scope = |(kind, place): &(ScopeKind, usize)| {
            let channel = || channel(CHANNELS[*place]);
            match kind {
                ScopeKind::Exact => Scope::Exact(channel()),
                ScopeKind::Subtree => Scope::Subtree(channel()),
                ScopeKind::Ancestors => Scope::Ancestors(channel()),
                ScopeKind::Pattern => Scope::Pattern(pattern(PATTERNS[place % PATTERNS.len()])),
            }
        };
        let selector = scopes(self.scopes.iter().map(scope));
        match self.except {
            Some(number) => selector.except(source(SOURCES[number])),
            None => selector,
        }
    }
}

/// Selects one to three scopes. One scope and the short names, where names are most easily taken for one another, come more
/// often than the rest.
pub(crate) fn selector_step() -> impl Strategy<Value = SelectorStep> {
    let kind = prop_oneof![
        Just(ScopeKind::Exact),
        Just(ScopeKind::Subtree),
        Just(ScopeKind::Ancestors),
        Just(ScopeKind::Pattern),
    ];
    let kind = kind.boxed();
    let scope = move || (kind.clone(), prop_oneof![0..2_usize, 0..CHANNELS.len()]);
    let scopes = prop_oneof![2 => vec(scope(), 1), 1 => vec(scope(), 2..=3)];
    (scopes, weighted(0.2, 0..SOURCES.len())).prop_map(|(scopes, except)| SelectorStep { scopes, except })
}

impl fmt::Display for SelectorStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = |(kind, place): &(ScopeKind, usize)| match kind {
            ScopeKind::Exact => CHANNELS[*place].to_owned(),
            ScopeKind::Subtree => format!("subtree:{}", CHANNELS[*place]),
            ScopeKind::Ancestors => format!("ancestors:{}", CHANNELS[*place]),
            ScopeKind::Pattern => PATTERNS[place % PATTERNS.len()].to_owned(),
        };
        f.write_str(&self.scopes.iter().map(scope).collect::<Vec<_>>().join(" "))?;
        if let Some(source) = self.except {
            write!(f, " but not by {}", SOURCES[source])?;
        }
        Ok(())
    }
}
