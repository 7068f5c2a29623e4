//! What a selector means, said by segments.

use eventweir::{Event, Scope, Selector};

/// Returns whether a selector means an event.
pub(crate) fn means(selector: &Selector, event: &Event) -> bool {
    let own = selector.excepted().is_some() && event.source.as_ref() == selector.excepted();
    !own && means_channel(selector, event.channel.as_str())
}

/// Returns whether a selector means a channel.
pub(crate) fn means_channel(selector: &Selector, channel: &str) -> bool {
    let segments: Vec<&str> = channel.split('/').skip(1).collect();
    selector.scopes().iter().any(|scope| scope_means(scope, &segments))
}

fn scope_means(scope: &Scope, channel: &[&str]) -> bool {
    match scope {
        Scope::Exact(name) => channel == split(name.as_str()),
        Scope::Subtree(top) => channel.starts_with(&split(top.as_str())),
        Scope::Ancestors(bottom) => {
            let bottom = split(bottom.as_str());
            // An empty last segment, as of `/a/` above `/a//b`, makes no ancestor.
            channel == bottom || bottom.starts_with(channel) && channel.last() != Some(&"")
        }
        Scope::Pattern(pattern) => pattern_means(&split(pattern.as_str()), channel),
    }
}

fn split(path: &str) -> Vec<&str> {
    path.split('/').skip(1).collect()
}

fn pattern_means(pattern: &[&str], channel: &[&str]) -> bool {
    match (pattern, channel) {
        ([], []) => true,
        (["**"], [_, ..]) => true,
        (["*", pattern @ ..], [_, channel @ ..]) => pattern_means(pattern, channel),
        ([literal, pattern @ ..], [name, channel @ ..]) if literal == name => pattern_means(pattern, channel),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{channel, pattern};

    #[test]
    fn scopes_mean_what_the_contract_says() {
        let means = |scope: Scope, name: &str| scope_means(&scope, &split(name));
        assert!(means(Scope::Subtree(channel("/a")), "/a/b") && means(Scope::Subtree(channel("/a")), "/a"));
        assert!(!means(Scope::Subtree(channel("/a")), "/ab"));
        assert!(
            means(Scope::Ancestors(channel("/a/b/")), "/a/b")
                && means(Scope::Ancestors(channel("/a//b")), "/a")
        );
        assert!(!means(Scope::Ancestors(channel("/a//b")), "/a/"));
        assert!(
            means(Scope::Pattern(pattern("/a/**")), "/a/b/c")
                && !means(Scope::Pattern(pattern("/a/**")), "/a")
        );
        assert!(!means(Scope::Pattern(pattern("/a/*")), "/a/b/c"));
    }
}
