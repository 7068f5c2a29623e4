//! Wrong about which events are meant.

use super::scan::scan;
use super::{Fault, Store};
use eventweir::{ChannelName, Page, ReadQuery, Result, Scope, Selector, StreamName, async_trait};

/// Says which channels a scope means.
pub(crate) trait Meaning: std::fmt::Debug + Default + Send + Sync + 'static {
    fn means(scope: &Scope, name: &str) -> bool;
}

/// Means other channels than those of the selector.
#[derive(Debug, Default)]
pub(crate) struct Means<M>(M);

#[async_trait]
impl<M: Meaning> Fault for Means<M> {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let selector = &query.selector;
        scan(inner, stream, query, |event| {
            let name = event.channel.as_str();
            selector.matches_source(event.source.as_ref())
                && selector.scopes().iter().any(|scope| M::means(scope, name))
        })
        .await
    }
}

/// Takes a subtree for all names that begin like it.
#[derive(Debug, Default)]
pub(crate) struct SiblingsLeakMeaning;

impl Meaning for SiblingsLeakMeaning {
    fn means(scope: &Scope, name: &str) -> bool {
        match scope {
            Scope::Subtree(top) => name.starts_with(top.as_str()),
            other => other.matches(name),
        }
    }
}

pub(crate) type SiblingsLeak = Means<SiblingsLeakMeaning>;

/// Looks for a subtree with `LIKE`, where `_` means any character.
#[derive(Debug, Default)]
pub(crate) struct LikeWithoutEscapeMeaning;

impl Meaning for LikeWithoutEscapeMeaning {
    fn means(scope: &Scope, name: &str) -> bool {
        let Scope::Subtree(top) = scope else { return scope.matches(name) };
        let mut rest = name.chars();
        let begins =
            top.as_str().chars().all(|wanted| rest.next().is_some_and(|c| wanted == '_' || c == wanted));
        begins && matches!(rest.next(), None | Some('/'))
    }
}

pub(crate) type LikeWithoutEscape = Means<LikeWithoutEscapeMeaning>;

/// Takes the sub-channels for the subtree.
#[derive(Debug, Default)]
pub(crate) struct ChildrenOnlyMeaning;

impl Meaning for ChildrenOnlyMeaning {
    fn means(scope: &Scope, name: &str) -> bool {
        scope.matches(name)
            && !matches!(scope, Scope::Subtree(top) if name[top.as_str().len()..].matches('/').count() > 1)
    }
}

pub(crate) type ChildrenOnly = Means<ChildrenOnlyMeaning>;

/// Takes the parents for the ancestors.
#[derive(Debug, Default)]
pub(crate) struct AncestorsWithoutSelfMeaning;

impl Meaning for AncestorsWithoutSelfMeaning {
    fn means(scope: &Scope, name: &str) -> bool {
        scope.matches(name) && !matches!(scope, Scope::Ancestors(bottom) if bottom.as_str() == name)
    }
}

pub(crate) type AncestorsWithoutSelf = Means<AncestorsWithoutSelfMeaning>;

/// Stops climbing below the top.
#[derive(Debug, Default)]
pub(crate) struct AncestorsMissTopMeaning;

impl Meaning for AncestorsMissTopMeaning {
    fn means(scope: &Scope, name: &str) -> bool {
        let is_top = name.matches('/').count() == 1;
        scope.matches(name) && !matches!(scope, Scope::Ancestors(bottom) if is_top && bottom.as_str() != name)
    }
}

pub(crate) type AncestorsMissTop = Means<AncestorsMissTopMeaning>;

/// Matches a star as a shell's glob without `pathname` does.
#[derive(Debug, Default)]
pub(crate) struct StarCrossesSlashMeaning;

impl Meaning for StarCrossesSlashMeaning {
    fn means(scope: &Scope, name: &str) -> bool {
        match scope {
            Scope::Pattern(pattern) => glob(pattern.as_str().as_bytes(), name.as_bytes()),
            other => other.matches(name),
        }
    }
}

pub(crate) type StarCrossesSlash = Means<StarCrossesSlashMeaning>;

fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', pattern @ ..], _) => (0..=name.len()).any(|taken| glob(pattern, &name[taken..])),
        ([p, pattern @ ..], [n, name @ ..]) => p == n && glob(pattern, name),
        _ => false,
    }
}

/// Compares names by a collation that knows no case.
#[derive(Debug, Default)]
pub(crate) struct NamesWithoutCaseMeaning;

impl Meaning for NamesWithoutCaseMeaning {
    fn means(scope: &Scope, name: &str) -> bool {
        match scope {
            Scope::Exact(this) => this.as_str().eq_ignore_ascii_case(name),
            other => other.matches(name),
        }
    }
}

pub(crate) type NamesWithoutCase = Means<NamesWithoutCaseMeaning>;

/// Makes names tidy before it compares them, as routers of paths do.
#[derive(Debug, Default)]
pub(crate) struct NamesNormalisedMeaning;

impl Meaning for NamesNormalisedMeaning {
    fn means(scope: &Scope, name: &str) -> bool {
        match scope {
            Scope::Exact(this) => tidy(this.as_str()) == tidy(name),
            other => other.matches(name),
        }
    }
}

pub(crate) type NamesNormalised = Means<NamesNormalisedMeaning>;

fn tidy(name: &str) -> String {
    name.split('/').filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/")
}

/// Gives a client its own events.
#[derive(Debug, Default)]
pub(crate) struct Echo;

impl Fault for Echo {
    fn spoil_query(&self, query: &mut ReadQuery) {
        query.selector = query.selector.clone().without_exception();
    }
}

/// Compares sources as SQL compares with NULL.
#[derive(Debug, Default)]
pub(crate) struct SourcelessLeftOut;

impl Fault for SourcelessLeftOut {
    fn spoil_page(&self, query: &ReadQuery, page: &mut Page) {
        if query.selector.excepted().is_some() {
            page.events.retain(|event| event.source.is_some());
        }
    }
}

/// Learns of the channels below another when it is opened, or first asked.
#[derive(Debug, Default)]
pub(crate) struct LaterChannelsMissed(
    parking_lot::Mutex<std::collections::HashMap<(StreamName, Selector), Known>>,
);

/// The channels that a selection meant when it was first read.
type Known = Vec<ChannelName>;

#[async_trait]
impl Fault for LaterChannelsMissed {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let page = inner.read(stream, query).await?;
        let [Scope::Subtree(_)] = query.selector.scopes() else { return Ok(page) };
        let asked = (stream.clone(), query.selector.clone());
        let known = self.0.lock().get(&asked).cloned();
        let known = match known {
            Some(known) => known,
            None => {
                let now =
                    super::catalog_of(inner)?.channels(stream, &query.selector, None, usize::MAX).await?;
                let now: Known = now.into_iter().map(|info| info.name).collect();
                self.0.lock().entry(asked).or_insert(now).clone()
            }
        };
        let mut page = page;
        page.events.retain(|event| known.contains(&event.channel));
        Ok(page)
    }
}
