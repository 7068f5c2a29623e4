//! Compares the attempts with the log.

use super::findings::{Findings, Kind};
use super::keys::{Key, Keys, last_anew, receipts};
use crate::Law;
use crate::history::{Attempt, History, Outcome, Removed, Sighting};
use eventweir::Sequence;
use std::collections::{BTreeMap, HashSet};

pub(super) fn check(history: &History, keys: &Keys<'_>, findings: &mut Findings) {
    check_expected(history, keys, findings);
    check_sequences(history, findings);
    check_receipts(history, keys, findings);
    check_real_time(history, keys, findings);
    for attempt in &history.attempts {
        check_whole(history, keys, attempt, findings);
    }
    check_lost(history, keys, findings);
}

/// Nothing is there that nobody published, that was refused or removed, or that is there already.
fn check_expected(history: &History, keys: &Keys<'_>, findings: &mut Findings) {
    let mut known = HashSet::new();
    for sighting in &history.log {
        if !known.insert(&sighting.key) {
            findings.note(
                Kind::Duplicated,
                Law::NoDuplicate,
                format!("{} is in the log twice", named(sighting)),
            );
        }
        let why = keys.get(&sighting.key).and_then(|key| is_unexpected(history, key, sighting));
        if let Some((law, why)) = why {
            findings.note(Kind::Unexpected, law, format!("{} is in the log, and {why}", named(sighting)));
        }
    }
}

fn is_unexpected(history: &History, key: &Key<'_>, sighting: &Sighting) -> Option<(Law, String)> {
    if let Some(why) = is_strange(Some(key), sighting) {
        return Some(why);
    }
    is_removed(history, key).then(|| (Law::NoMiss, "was removed after it was published".to_owned()))
}

/// Returns whether an event was removed on purpose after it had been published.
pub(super) fn is_removed(history: &History, key: &Key<'_>) -> bool {
    history.removals.iter().any(|removal| {
        let meant = match &removal.what {
            Removed::Oldest => false,
            Removed::Channel(channel) => key.sent.is_some_and(|sent| sent.channel == *channel),
            Removed::Everything => true,
        };
        meant && removal.returned != u64::MAX && key.over() < removal.invoked
    })
}

/// Returns why an event should not be where it was seen, whoever saw it.
pub(super) fn is_strange(key: Option<&Key<'_>>, sighting: &Sighting) -> Option<(Law, String)> {
    let Some((key, sent)) = key.and_then(|key| Some((key, key.sent?))) else {
        return Some((Law::NoMiss, "nobody published it".to_owned()));
    };
    if key.is_refused() {
        return Some((Law::Honest, format!("was refused to {}", key.attempts[0].client)));
    }
    match &sighting.channel {
        Some(channel) if *channel != sent.channel => {
            Some((Law::NoMiss, format!("was published on {}, not on {channel}", sent.channel)))
        }
        _ => None,
    }
}

fn check_sequences(history: &History, findings: &mut Findings) {
    for pair in history.log.windows(2) {
        if let (Some(one), Some(next)) = (pair[0].sequence, pair[1].sequence)
            && one >= next
        {
            let what = format!("the log has {} before {}", named(&pair[0]), named(&pair[1]));
            findings.note(Kind::Reordered, Law::Order, what);
        }
    }
}

/// Receipts say where the log has it, each time the same, and no place is given twice.
fn check_receipts(history: &History, keys: &Keys<'_>, findings: &mut Findings) {
    let anew = last_anew(history);
    let mut owners: BTreeMap<Sequence, &str> = BTreeMap::new();
    for sighting in &history.log {
        if let Some(sequence) = sighting.sequence {
            owners.insert(sequence, &sighting.key);
        }
    }
    for (attempt, sent, told) in receipts(history).filter(|(attempt, ..)| attempt.invoked > anew) {
        let Some(key) = keys.get(&sent.key) else { continue };
        if let Some(sequence) = key.sequence.filter(|sequence| *sequence != told) {
            let law = if key.attempts.len() > 1 { Law::NoDuplicate } else { Law::Order };
            let what = format!(
                "{} was told that {} is at {told}, and it is at {sequence}",
                attempt.client, sent.key
            );
            findings.note(Kind::Inconsistent, law, what);
        }
        let owner = *owners.entry(told).or_insert(&sent.key);
        if owner != sent.key && key.place.is_none() {
            let what = format!("{told} was given to {owner} and to {}", sent.key);
            findings.note(Kind::Inconsistent, Law::Order, what);
        }
    }
}

/// What was acknowledged before something else was begun stands before it.
fn check_real_time(history: &History, keys: &Keys<'_>, findings: &mut Findings) {
    let anew = last_anew(history);
    // From the end: who of those that stand later happened first?
    let mut earliest: Option<(u64, &Key<'_>)> = None;
    for key in in_order(history, keys).into_iter().rev() {
        if let Some((by, later)) = earliest
            && by < key.first_invoked()
        {
            let what =
                format!("{key} stands before {later}, which was acknowledged before {} was begun", key.name);
            findings.note(Kind::Reordered, Law::Order, what);
        }
        let by = key.happened_by(anew);
        if earliest.is_none_or(|(least, _)| by < least) {
            earliest = Some((by, key));
        }
    }
}

/// Lists the keys that have a place, in the order of the stream: with what was removed since, if its place is known.
fn in_order<'k, 'a>(history: &History, keys: &'k Keys<'a>) -> Vec<&'k Key<'a>> {
    let by_sequence = history.log.iter().all(|sighting| sighting.sequence.is_some());
    let mut placed: Vec<_> = keys
        .attempted()
        .filter(|key| key.place.is_some() || by_sequence && key.is_new && key.sequence.is_some())
        .collect();
    if by_sequence {
        placed.sort_by_key(|key| key.sequence);
    } else {
        placed.sort_by_key(|key| key.place);
    }
    placed
}

/// A commit's events stand side by side, in its order, or none is there.
fn check_whole(history: &History, keys: &Keys<'_>, attempt: &Attempt, findings: &mut Findings) {
    let mut known = HashSet::new();
    // An event that a commit holds twice stands where it first came.
    let firsts = attempt.events.iter().filter(|sent| known.insert(&sent.key));
    let events: Vec<_> = firsts.filter_map(|sent| keys.get(&sent.key)).collect();
    let one_call = |key: &&Key<'_>| key.attempts.iter().all(|other| other.events == attempt.events);
    if events.len() < 2 || !events.iter().all(one_call) {
        return;
    }
    let (present, absent): (Vec<_>, Vec<_>) = events.into_iter().partition(|key| key.place.is_some());
    let missing = absent.iter().find(|key| !key.is_covered(history));
    // What was acknowledged is lost rather than half there.
    if let (Some(here), Some(missing), Outcome::Unknown) = (present.first(), missing, &attempt.outcome) {
        let what =
            format!("of one commit of {} {here} is in the log, and {} is not", attempt.client, missing.name);
        findings.note(Kind::Half, Law::Atomic, what);
    }
    for pair in present.windows(2) {
        let (Some(one), Some(next)) = (pair[0].place, pair[1].place) else { continue };
        if next < one {
            let what =
                format!("{} was published before {}, in one commit, and stands after it", pair[0], pair[1]);
            findings.note(Kind::Reordered, Law::Order, what);
        } else if next > one + 1 {
            let between = &history.log[one + 1];
            let what = format!("{} stands between {} and {} of one commit", named(between), pair[0], pair[1]);
            findings.note(Kind::Half, Law::Atomic, what);
        }
    }
}

/// What was acknowledged or seen is there, unless it was removed.
fn check_lost(history: &History, keys: &Keys<'_>, findings: &mut Findings) {
    for key in keys.attempted().filter(|key| key.place.is_none() && !key.is_covered(history)) {
        if key.is_acknowledged() {
            let client = &key.attempts[0].client;
            let what = format!("{key} was acknowledged to {client}, and is not in the log");
            findings.note(Kind::Lost, Law::Durable, what);
        }
    }
}

pub(super) fn named(sighting: &Sighting) -> String {
    match sighting.sequence {
        Some(sequence) => format!("{} at {sequence}", sighting.key),
        None => sighting.key.clone(),
    }
}
