//! From a selector to the channels that it means.

use super::Snapshot;
use crate::codec::text_of;
use crate::error::Work;
use crate::key::ChannelId;
use eventweir::{ChannelName, Result, Scope, Selector, Sequence};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::BTreeMap;

/// A selector that means more channels than this is read by looking through the log.
const MOST_CHANNELS: usize = 512;
/// No more names than this are looked through to find that out.
const MOST_NAMES: usize = 8192;

/// A channel as its row says.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: ChannelId,
    pub(crate) name: ChannelName,
    pub(crate) last: Sequence,
    pub(crate) removed_to: Sequence,
    /// Retained events that are in runs.
    pub(crate) events: u64,
}

/// How the events of a selector are found.
#[derive(Debug)]
pub(super) enum Target {
    /// By the channel index, of these channels.
    Channels(Vec<Known>),
    /// In the log itself.
    Log,
}

const COLUMNS: &str = "id, name, last, removed_to, events";

impl Known {
    pub(crate) fn of(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0).work()?,
            name: ChannelName::new(text_of(row.get_ref(1).work()?.as_bytes().unwrap_or_default())?)?,
            last: Sequence::from_i64(row.get(2).work()?),
            removed_to: Sequence::from_i64(row.get(3).work()?),
            events: row.get::<_, i64>(4).work()?.max(0) as u64,
        })
    }

    pub(crate) fn find(snapshot: &Snapshot<'_>, name: &ChannelName) -> Result<Option<Self>> {
        let sql = format!("select {COLUMNS} from channels where stream = ? and name = ?");
        let mut statement = snapshot.connection.prepare_cached(&sql).work()?;
        statement
            .query_row(params![snapshot.row.id, name.as_str()], |row| Ok(Self::of(row)))
            .optional()
            .work()?
            .transpose()
    }
}

/// Finds the channels that a selector means, unless they are too many.
pub(super) fn resolve(snapshot: &Snapshot<'_>, selector: &Selector) -> Result<Target> {
    if selector.is_all() {
        return Ok(Target::Log);
    }
    let mut found = BTreeMap::new();
    if let Some(names) = selector.listed_channels() {
        // Listed names are looked up however many they are: their channels are what is asked for.
        for name in names {
            found.extend(Known::find(snapshot, &name)?.map(|known| (known.id, known)));
        }
        return Ok(Target::Channels(found.into_values().collect()));
    }
    let mut looked = 0;
    for scope in selector.scopes() {
        let whole = each_in_scope(snapshot, scope, Sequence::ZERO, false, &mut |known| {
            looked += 1;
            if scope.matches(known.name.as_str()) {
                found.insert(known.id, known);
            }
            found.len() <= MOST_CHANNELS && looked <= MOST_NAMES
        })?;
        if !whole {
            return Ok(Target::Log);
        }
    }
    Ok(Target::Channels(found.into_values().collect()))
}

/// Law *told*: returns the greatest sequence beyond `after` that was removed from a channel that the selector means.
pub(super) fn removed_to(
    snapshot: &Snapshot<'_>,
    selector: &Selector,
    target: &Target,
    after: Sequence,
) -> Result<Option<Sequence>> {
    let row = &snapshot.row;
    if row.removed_to <= after {
        return Ok(None);
    }
    if selector.is_all() {
        return Ok(Some(row.removed_to));
    }
    let mut removed = Sequence::ZERO;
    match target {
        Target::Channels(known) => {
            removed = known.iter().map(|known| known.removed_to).max().unwrap_or_default();
            let listed = selector.listed_channels().map(|names| names.len());
            // A channel that is not remembered may have been one that is meant.
            if listed != Some(known.len()) {
                removed = removed.max(row.forgotten_to);
            }
        }
        Target::Log => {
            removed = removed.max(row.forgotten_to);
            for scope in selector.scopes() {
                each_in_scope(snapshot, scope, after, true, &mut |known| {
                    if scope.matches(known.name.as_str()) {
                        removed = removed.max(known.removed_to);
                    }
                    true
                })?;
            }
        }
    }
    Ok(Some(removed).filter(|removed| *removed > after))
}

/// Goes through the channels by name that may be in a scope, until told to stop. Returns whether it went through all.
fn each_in_scope(
    snapshot: &Snapshot<'_>,
    scope: &Scope,
    removed_after: Sequence,
    only_removed: bool,
    each: &mut dyn FnMut(Known) -> bool,
) -> Result<bool> {
    let below = match scope {
        Scope::Exact(name) => return each_named(snapshot, [name.clone()], each),
        Scope::Ancestors(name) => {
            return each_named(snapshot, std::iter::once(name.clone()).chain(name.ancestors()), each);
        }
        Scope::Subtree(top) => {
            if !each_named(snapshot, [top.clone()], each)? {
                return Ok(false);
            }
            top.as_str()
        }
        Scope::Pattern(pattern) => match ChannelName::new(pattern.as_str()) {
            Ok(name) => return each_named(snapshot, [name], each),
            Err(_) => pattern.literal_prefix(),
        },
    };
    // Names below `/a` begin with `/a/`; `0` is the character after the slash.
    let sql = format!(
        "select {COLUMNS} from channels where stream = ? and name >= ? and name < ? and removed_to > ? order by name"
    );
    let floor = if only_removed { removed_after.to_i64() } else { -1 };
    let mut statement = snapshot.connection.prepare_cached(&sql).work()?;
    let mut rows =
        statement.query(params![snapshot.row.id, format!("{below}/"), format!("{below}0"), floor]).work()?;
    while let Some(row) = rows.next().work()? {
        if !each(Known::of(row)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn each_named(
    snapshot: &Snapshot<'_>,
    names: impl IntoIterator<Item = ChannelName>,
    each: &mut dyn FnMut(Known) -> bool,
) -> Result<bool> {
    for name in names {
        if let Some(known) = Known::find(snapshot, &name)?
            && !each(known)
        {
            return Ok(false);
        }
    }
    Ok(true)
}
