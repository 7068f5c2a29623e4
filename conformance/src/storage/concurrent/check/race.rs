//! The cursor and the record that everyone moved, together and without an event: each place has one winner.

use super::groups::Group;
use crate::failure::ensure_law;
use crate::{Failure, Law};
use eventweir::{Commit, CursorExpect, CursorTarget, RecordExpect, Sequence};

/// A move that was carried out: from a version and a place to the next.
struct Won<'a> {
    version: u64,
    from: Option<Sequence>,
    to: Sequence,
    group: &'a Group<'a>,
}

pub(super) fn check(groups: &[Group<'_>]) -> Result<(), Failure> {
    if groups.iter().any(|group| group.is_unknown() && won(group).is_some()) {
        return Ok(());
    }
    let carried_out = groups.iter().filter(|group| group.receipt.is_some());
    let mut chain: Vec<Won<'_>> = carried_out.filter_map(won).collect();
    chain.sort_by_key(|won| won.version);
    let mut place = None;
    for (version, won) in chain.iter().enumerate() {
        let name = won.group.named();
        ensure_law!(
            Law::Cursor,
            won.version == version as u64,
            "{name} moved a record from version {}, and so did another, or nobody had made that version",
            won.version
        );
        ensure_law!(
            Law::Atomic,
            won.from == place,
            "{name} moved a record from version {version} and a cursor from {:?}; who made that version left it at {place:?}",
            won.from
        );
        place = Some(won.to);
    }
    for pair in chain.windows(2) {
        let by = pair[1].group.calls.iter().map(|call| call.returned).max().unwrap_or(u64::MAX);
        ensure_law!(
            Law::Cursor,
            pair[0].group.invoked() < by,
            "{} moved on from a version that was made later",
            pair[1].group.named()
        );
    }
    Ok(())
}

fn won<'a>(group: &'a Group<'a>) -> Option<Won<'a>> {
    let Commit { append, cursors, records, .. } = group.commit;
    let ([], [cursor], [record]) = (append.as_slice(), cursors.as_slice(), records.as_slice()) else {
        return None;
    };
    let version = match record.expect {
        RecordExpect::Version(version) => version,
        _ => 0,
    };
    let from = match cursor.expect {
        CursorExpect::At(place) => Some(place),
        _ => None,
    };
    let CursorTarget::To(to) = cursor.to else { return None };
    Some(Won { version, from, to, group })
}
