//! The cursor and the record that everyone moved, together and without an event: each place has one winner.

use super::groups::Group;
use crate::failure::ensure_law;
use crate::storage::concurrent::call::{Call, Made};
use crate::storage::concurrent::client::RACE;
use crate::{Failure, Law};
use eventweir::{Commit, CursorExpect, CursorTarget, RecordExpect, Sequence};

/// A move that was carried out: from a version and a place to the next.
struct Won<'a> {
    version: u64,
    from: Option<Sequence>,
    to: Sequence,
    group: &'a Group<'a>,
}

pub(super) fn check(calls: &[Call], groups: &[Group<'_>]) -> Result<(), Failure> {
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
    calls.iter().try_for_each(|call| check_look(&chain, call))
}

/// Who looks sees what a winner left, and nothing that somebody was told to have replaced before.
fn check_look(chain: &[Won<'_>], call: &Call) -> Result<(), Failure> {
    // A version is made by the move before it; a cursor may stay where it is.
    let seen: Vec<usize> = match &call.made {
        Made::Record(key, found) if key.as_str() == RACE => {
            let value =
                |won: &Won<'_>| won.group.commit.records.first().and_then(|change| change.value.clone());
            let version = found.as_ref().map_or(0, |record| record.version as usize);
            let last = version.checked_sub(1).map(|last| chain.get(last).and_then(value));
            let right = match (found, last) {
                (Some(record), Some(value)) => value.as_ref() == Some(&record.value),
                (found, _) => found.is_none(),
            };
            if right { vec![version] } else { Vec::new() }
        }
        Made::Cursor(name, found) if name.as_str() == RACE => {
            let found = found.as_ref().map(|cursor| cursor.sequence);
            let left = |moves: &usize| moves.checked_sub(1).map(|last| chain[last].to);
            (0..=chain.len()).filter(|moves| left(moves) == found).collect()
        }
        _ => return Ok(()),
    };
    let told = |won: &Won<'_>| won.group.calls.iter().any(|other| other.returned < call.invoked);
    let least = chain.iter().rposition(told).map_or(0, |last| last + 1);
    let begun = |won: &&Won<'_>| won.group.invoked() < call.returned;
    let most = chain.iter().filter(begun).count();
    ensure_law!(Law::Cursor, !seen.is_empty(), "{} shows what no move left there", call.named());
    ensure_law!(
        Law::Visibility,
        seen.iter().any(|moves| (least..=most).contains(moves)),
        "{} shows what {seen:?} moves left; {least} had been carried out before it, and {most} begun",
        call.named()
    );
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
