//! Tokens from a list.

use super::{Action, Auth, Credentials, Principal};
use crate::{Error, ErrorKind, Result, Scope, Selector};
use async_trait::async_trait;
use parking_lot::RwLock;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use subtle::ConstantTimeEq;

type Hash = [u8; 32];

/// Checks bearer tokens against a list that keeps only their hashes, and each holder's rights by channel.
///
/// The list can be [replaced](Self::replace) while clients are connected: those whose token or right is gone are refused
/// at their next action, and subscriptions end at their next check.
pub struct StaticTokens(RwLock<Arc<Table>>);

#[derive(Default)]
struct Table {
    hashes: Vec<(Hash, Principal)>,
    rights: HashMap<Principal, Rights>,
}

/// Describes one token of the list, as configuration files spell it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    /// The holder's name, for rights, sources and logs: 1 to 64 visible characters without a slash, and not `anonymous`.
    /// Several tokens may have one name only with equal rights.
    pub name: String,
    /// The SHA-256 of the token, as 64 hexadecimal digits: what [`hash_token`] returns.
    pub sha256: String,
    /// Channels that the holder may publish to, written as channels or patterns: `/orders`, `/orders/**`, `/**`.
    #[serde(default)]
    pub publish: Vec<Scope>,
    /// Channels that the holder may read, written alike.
    #[serde(default)]
    pub read: Vec<Scope>,
    /// Cursors that the holder may keep; a name that ends in `*` stands for all that begin so.
    #[serde(default)]
    pub consume: Vec<String>,
    /// Queues that the holder may work on, written like cursors.
    #[serde(default)]
    pub work: Vec<String>,
    /// Whether the holder may do everything.
    #[serde(default)]
    pub admin: bool,
}

#[derive(PartialEq, Eq)]
struct Rights {
    publish: Vec<Scope>,
    read: Vec<Scope>,
    consume: Vec<String>,
    work: Vec<String>,
    admin: bool,
}

/// Returns the SHA-256 of a token as 64 hexadecimal digits.
pub fn hash_token(token: &str) -> String {
    digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

impl StaticTokens {
    /// Makes a list.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming the entry, when a hash or a scope is malformed or a name has two sets of rights.
    pub fn new(entries: impl IntoIterator<Item = TokenEntry>) -> Result<Self> {
        Ok(Self(RwLock::new(Arc::new(Table::new(entries)?))))
    }

    /// Replaces the whole list at once. A list that is refused changes nothing.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn replace(&self, entries: impl IntoIterator<Item = TokenEntry>) -> Result<()> {
        let table = Arc::new(Table::new(entries)?);
        *self.0.write() = table;
        Ok(())
    }

    fn table(&self) -> Arc<Table> {
        self.0.read().clone()
    }
}

impl Table {
    fn new(entries: impl IntoIterator<Item = TokenEntry>) -> Result<Self> {
        let mut table = Self::default();
        for entry in entries {
            let refused = |why: &str| {
                Error::new(ErrorKind::Config, format!("the token entry {:?} is refused: {why}", entry.name))
            };
            if !is_name(&entry.name) {
                return Err(refused(
                    "a name is 1 to 64 visible characters without a slash, and not `anonymous`",
                ));
            }
            let hash = parse_hash(&entry.sha256).ok_or_else(|| refused("sha256 is 64 hexadecimal digits"))?;
            let principal = Principal::new(&entry.name);
            let TokenEntry { publish, read, consume, work, admin, .. } = entry.clone();
            let rights = Rights { publish, read, consume, work, admin };
            match table.rights.get(&principal) {
                Some(other) if *other != rights => {
                    return Err(refused("its name is used by another entry with other rights"));
                }
                _ => drop(table.rights.insert(principal.clone(), rights)),
            }
            table.hashes.push((hash, principal));
        }
        Ok(table)
    }

    /// Compares with every hash, in constant time each, so that timing tells neither a hash nor how far the list was read.
    fn find(&self, token: &str) -> Option<&Principal> {
        let presented = digest(token);
        self.hashes.iter().fold(None, |found, (hash, principal)| {
            if bool::from(hash.ct_eq(&presented)) { Some(principal) } else { found }
        })
    }
}

impl Rights {
    fn allow(&self, action: &Action<'_>) -> bool {
        if self.admin {
            return true;
        }
        match action {
            Action::Publish(channel) => self.publish.iter().any(|scope| scope.matches(channel.as_str())),
            Action::Read(selector) => contains(&self.read, selector),
            Action::Consume(cursor) => names(&self.consume, cursor.as_str()),
            Action::Work(queue) => names(&self.work, queue.as_str()),
            Action::Admin => false,
        }
    }
}

/// A slash would let one holder's sources look like another's; `anonymous` is who proved nothing.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name != Principal::anonymous().name()
        && !name.chars().any(|c| c == '/' || c.is_control() || c.is_whitespace())
}

fn names(granted: &[String], wanted: &str) -> bool {
    granted.iter().any(|name| match name.strip_suffix('*') {
        Some(prefix) => wanted.starts_with(prefix),
        None => name == wanted,
    })
}

fn contains(granted: &[Scope], selector: &Selector) -> bool {
    selector.scopes().iter().all(|wanted| match wanted {
        // Each ancestor may be granted by another scope.
        Scope::Ancestors(name) => std::iter::once(name.clone())
            .chain(name.ancestors())
            .all(|name| granted.iter().any(|scope| scope.matches(name.as_str()))),
        // `/a` and `/a/**` together are the subtree of `/a`.
        Scope::Subtree(top) => {
            granted.iter().any(|scope| scope.contains(wanted)) || {
                let below = Scope::parse(&format!("{top}/**"));
                granted.iter().any(|scope| scope.matches(top.as_str()))
                    && below.is_ok_and(|below| granted.iter().any(|scope| scope.contains(&below)))
            }
        }
        Scope::Exact(_) | Scope::Pattern(_) => granted.iter().any(|scope| scope.contains(wanted)),
    })
}

fn parse_hash(text: &str) -> Option<Hash> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[async_trait]
impl Auth for StaticTokens {
    async fn authenticate(&self, credentials: &Credentials) -> Result<Principal> {
        match credentials {
            Credentials::Anonymous => Err(Error::new(ErrorKind::Unauthenticated, "a token is needed")),
            Credentials::Token(token) => self
                .table()
                .find(token)
                .cloned()
                .ok_or_else(|| Error::new(ErrorKind::Unauthenticated, "the token is not known")),
        }
    }

    async fn authorize(&self, who: &Principal, action: &Action<'_>) -> Result<()> {
        let table = self.table();
        let Some(rights) = table.rights.get(who) else {
            return Err(Error::new(ErrorKind::Unauthenticated, "the token is no longer known"));
        };
        if rights.allow(action) { Ok(()) } else { Err(denied(who, action)) }
    }
}

fn denied(who: &Principal, action: &Action<'_>) -> Error {
    let what = match action {
        Action::Publish(channel) => format!("publish to {channel}"),
        Action::Read(_) => "read this selection".to_owned(),
        Action::Consume(cursor) => format!("keep the cursor {cursor}"),
        Action::Work(queue) => format!("work on {queue}"),
        Action::Admin => "administer the broker".to_owned(),
    };
    Error::new(ErrorKind::PermissionDenied, format!("{} may not {what}", who.name()))
}

impl fmt::Debug for StaticTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table();
        let names: Vec<_> = table.hashes.iter().map(|(_, principal)| principal.name()).collect();
        f.debug_tuple("StaticTokens").field(&names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChannelName;

    fn entry(name: &str, token: &str, read: &[&str], publish: &[&str]) -> TokenEntry {
        let list = |texts: &[&str]| texts.iter().map(|text| Scope::parse(text).unwrap()).collect();
        TokenEntry {
            name: name.into(),
            sha256: hash_token(token),
            read: list(read),
            publish: list(publish),
            ..TokenEntry::default()
        }
    }

    #[tokio::test]
    async fn rights_are_by_channel() {
        let auth =
            StaticTokens::new([entry("shop", "s3cret", &["/shop", "/shop/**"], &["/shop/orders"])]).unwrap();
        let shop = auth.authenticate(&Credentials::token("s3cret")).await.unwrap();
        let name = |text| ChannelName::new(text).unwrap();
        let kind = |result: Result<()>| result.unwrap_err().kind();
        assert!(auth.authorize(&shop, &Action::Publish(&name("/shop/orders"))).await.is_ok());
        assert_eq!(
            kind(auth.authorize(&shop, &Action::Publish(&name("/shop"))).await),
            ErrorKind::PermissionDenied
        );
        assert!(auth.authorize(&shop, &Action::Read(&Selector::subtree(name("/shop")))).await.is_ok());
        assert!(auth.authorize(&shop, &Action::Read(&Selector::ancestors(name("/shop/a/b")))).await.is_ok());
        assert_eq!(
            kind(auth.authorize(&shop, &Action::Read(&Selector::all())).await),
            ErrorKind::PermissionDenied
        );
        assert_eq!(kind(auth.authorize(&shop, &Action::Admin).await), ErrorKind::PermissionDenied);
    }

    #[tokio::test]
    async fn a_replaced_list_counts_at_once() {
        let auth = StaticTokens::new([entry("a", "one", &["/**"], &[])]).unwrap();
        let a = auth.authenticate(&Credentials::token("one")).await.unwrap();
        auth.replace([entry("b", "two", &["/**"], &[])]).unwrap();
        let gone = auth.authorize(&a, &Action::Read(&Selector::all())).await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::Unauthenticated);
        assert!(auth.authenticate(&Credentials::token("one")).await.is_err());
        assert!(auth.authenticate(&Credentials::Anonymous).await.is_err());
        assert!(!format!("{auth:?} {:?}", Credentials::token("two")).contains("two"));
    }

    #[test]
    fn bad_entries_are_named() {
        let bad = TokenEntry { sha256: "t".into(), ..entry("x", "t", &["/a"], &[]) };
        assert!(StaticTokens::new([bad]).unwrap_err().to_string().contains("\"x\""));
        for name in ["", "anonymous", "a/b", "a b", &"a".repeat(65)] {
            assert!(StaticTokens::new([entry(name, "t", &["/a"], &[])]).is_err(), "{name:?}");
        }
        let twice = [entry("x", "t", &["/a"], &[]), entry("x", "u", &["/b"], &[])];
        assert!(StaticTokens::new(twice).is_err());
    }
}
