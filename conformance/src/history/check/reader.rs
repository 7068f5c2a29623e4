//! Compares what a reader was told with the log.

use super::findings::{Findings, Kind};
use super::keys::{Key, Keys, last_anew};
use super::log::{is_strange, named};
use crate::Law;
use crate::history::{History, Reader, Removed, Saw, Sent, Sighting};
use crate::storage::model::select::means_channel;
use eventweir::{Selector, Sequence};
use std::collections::HashMap;

pub(super) fn check(history: &History, keys: &Keys<'_>, reader: &Reader, findings: &mut Findings) {
    let segments: Vec<_> = segments(reader);
    let last = segments.len() - 1;
    for (number, saw) in segments.into_iter().enumerate() {
        let latest_since = reader.latest_since.filter(|_| number == 0);
        let segment = Segment { history, keys, reader, saw, latest_since };
        segment.check_events(findings);
        segment.check_order(findings);
        segment.check_gaps(findings);
        segment.check_anew(findings);
        if number > 0 {
            segment.check_reset(findings);
        }
        if number == last {
            segment.check_missed(findings);
        }
    }
}

/// Cuts what a reader saw at its resets: in each part it read one stream.
fn segments(reader: &Reader) -> Vec<&[Saw]> {
    reader.saw.split(|saw| *saw == Saw::Reset).collect()
}

/// What a reader saw between two resets.
struct Segment<'a> {
    history: &'a History,
    keys: &'a Keys<'a>,
    reader: &'a Reader,
    saw: &'a [Saw],
    /// The clock when it began with what comes; after a reset, and otherwise, it began with the oldest.
    latest_since: Option<u64>,
}

impl<'a> Segment<'a> {
    fn sightings(&self) -> impl DoubleEndedIterator<Item = &'a Sighting> {
        self.saw.iter().filter_map(|saw| match saw {
            Saw::Event(sighting) => Some(sighting),
            _ => None,
        })
    }

    /// Pairs what was seen with what is known of it, if it belongs to the stream of the log.
    fn known(&self) -> impl DoubleEndedIterator<Item = (&'a Sighting, &'a Key<'a>)> {
        let keys = self.keys;
        self.sightings()
            .filter_map(|sighting| Some((sighting, keys.get(&sighting.key).filter(|key| key.is_new)?)))
    }

    /// Every event is one that the reader asked for, and comes once.
    fn check_events(&self, findings: &mut Findings) {
        let name = &self.reader.name;
        let mut seen = HashMap::new();
        for sighting in self.sightings() {
            let event = named(sighting);
            if let Some(before) = seen.insert(&sighting.key, sighting) {
                let what = format!("{name} was given {} and {event}", named(before));
                findings.note(Kind::Duplicated, Law::NoDuplicate, what);
            }
            let key = self.keys.get(&sighting.key);
            if let Some((law, why)) = is_strange(key, sighting).or_else(|| self.is_unasked(key)) {
                findings.note(Kind::Unexpected, law, format!("{name} was given {event}, which {why}"));
            }
            self.check_kept(sighting, findings);
            self.check_fresh(sighting, findings);
        }
    }

    fn is_unasked(&self, key: Option<&Key<'_>>) -> Option<(Law, String)> {
        let sent = key?.sent?;
        let selector = &self.reader.selector;
        (!selects(selector, sent)).then(|| (Law::NoMiss, format!("it did not select ({})", described(sent))))
    }

    /// What was seen is in the log, whether it was acknowledged or not. That of acknowledged events is told once, for all.
    fn check_kept(&self, sighting: &Sighting, findings: &mut Findings) {
        let Some(key) = self.keys.get(&sighting.key) else { return };
        let gone = key.place.is_none() && !key.is_covered(self.history);
        if gone && key.sent.is_some() && !key.is_acknowledged() && !key.is_refused() {
            let what =
                format!("{} was given {}, and it is not in the log", self.reader.name, named(sighting));
            findings.note(Kind::Lost, Law::Durable, what);
        }
    }

    /// Who begins with what comes is not given what was there before it asked.
    fn check_fresh(&self, sighting: &Sighting, findings: &mut Findings) {
        let Some(key) = self.keys.get(&sighting.key).filter(|_| self.latest_since.is_some()) else { return };
        if key.happened_by(last_anew(self.history)) < self.reader.asked {
            let what = format!(
                "{} asked for what comes, and was given {}, which was there already",
                self.reader.name,
                named(sighting)
            );
            findings.note(Kind::Stale, Law::NoMiss, what);
        }
    }

    /// What was seen stands in the order of the log, where the log has it.
    fn check_order(&self, findings: &mut Findings) {
        let name = &self.reader.name;
        let sightings: Vec<_> = self.sightings().collect();
        for pair in sightings.windows(2).filter(|pair| pair[0].key != pair[1].key) {
            if let (Some(one), Some(next)) = (pair[0].sequence, pair[1].sequence)
                && one >= next
            {
                let what = format!("{name} was given {} and then {}", named(pair[0]), named(pair[1]));
                findings.note(Kind::Reordered, Law::Order, what);
            }
        }
        let mut before: Option<(&Sighting, usize)> = None;
        for (sighting, key) in self.known() {
            if let (Some(told), Some(right)) = (sighting.sequence, key.sequence)
                && told != right
            {
                let what = format!("{name} was given {}, which is at {right}", named(sighting));
                findings.note(Kind::Reordered, Law::Order, what);
            }
            let Some(place) = key.place else { continue };
            if let Some((earlier, earlier_place)) = before
                && place < earlier_place
            {
                let what = format!(
                    "{name} was given {} and then {}, which stands before it",
                    named(earlier),
                    named(sighting)
                );
                findings.note(Kind::Reordered, Law::Order, what);
            }
            before = Some((sighting, place));
        }
    }

    /// The clock when the reader was given its next event: what it was told before cannot be explained by what came later.
    fn next_at(&self, place: usize) -> u64 {
        next_event(&self.saw[place..]).map_or(u64::MAX, |sighting| sighting.at)
    }

    /// A gap is told only where something was removed, beyond where the reader was.
    fn check_gaps(&self, findings: &mut Findings) {
        let mut last = None;
        for (place, saw) in self.saw.iter().enumerate() {
            let resume_at = match saw {
                Saw::Gap(resume_at) => *resume_at,
                Saw::Event(sighting) => {
                    last = sighting.sequence.or(last);
                    continue;
                }
                Saw::Reset | Saw::Resumed => continue,
            };
            let next_at = self.next_at(place);
            let name = &self.reader.name;
            if !self.history.removals.iter().any(|removal| removal.invoked < next_at) {
                let what = format!("{name} was told a gap{}, and nothing had been removed", after(last));
                findings.note(Kind::Untold, Law::Told, what);
            } else if let (Some(resume_at), Some(last)) = (resume_at, last)
                && resume_at <= last.next()
            {
                let what =
                    format!("{name} was given {last}, and then told a gap that ends before {resume_at}");
                findings.note(Kind::Untold, Law::Told, what);
            }
        }
    }

    /// A reset, which this part of what was seen begins with, is told only where the stream was begun anew.
    fn check_reset(&self, findings: &mut Findings) {
        let next_at = self.next_at(0);
        let mut anew = self.history.removals.iter().filter(|removal| removal.what == Removed::Everything);
        if !anew.any(|removal| removal.invoked < next_at) {
            let what = format!("{} was told a reset, and the stream had not begun anew", self.reader.name);
            findings.note(Kind::Untold, Law::Told, what);
        }
    }

    /// Between events of two streams a reset is told.
    fn check_anew(&self, findings: &mut Findings) {
        for removal in self.history.removals.iter().filter(|removal| removal.what == Removed::Everything) {
            let is_old = |key: &Key<'_>| key.over() < removal.invoked;
            let is_new = |key: &Key<'_>| key.first_invoked() > removal.returned;
            let mut seen = self.sightings().filter_map(|sighting| self.keys.get(&sighting.key));
            let old = seen.find(|key| is_old(key));
            if let (Some(old), Some(new)) = (old, seen.find(|key| is_new(key))) {
                let what = format!(
                    "{} was given {} and {}, and no reset between: the stream was begun anew",
                    self.reader.name, old.name, new.name
                );
                findings.note(Kind::Untold, Law::Told, what);
            }
        }
    }

    /// Everything that the reader selected came to it, or was removed before it came there, and that was told.
    fn check_missed(&self, findings: &mut Findings) {
        let seen: HashMap<_, _> = self.sightings().map(|sighting| (sighting.key.as_str(), ())).collect();
        let last_place = self.known().filter_map(|(_, key)| key.place).max();
        for key in self.keys.attempted().filter(|key| !seen.contains_key(key.name) && self.is_due(key)) {
            match (key.place, key.sequence) {
                (Some(place), _) if !self.reader.stopped || Some(place) < last_place => {
                    let what = format!("{} was not given {key}, which is in the log", self.reader.name);
                    findings.note(Kind::Missed, Law::NoMiss, what);
                }
                (None, Some(sequence)) if key.is_acknowledged() && key.is_covered(self.history) => {
                    self.check_removed(key, sequence, findings);
                }
                _ => {}
            }
        }
    }

    fn is_due(&self, key: &Key<'_>) -> bool {
        let sent = key.sent.is_some_and(|sent| selects(&self.reader.selector, sent));
        sent && self.latest_since.is_none_or(|since| key.first_invoked() > since)
    }

    /// An event that the reader did not see and that was removed: before the reader came there, and it was told.
    fn check_removed(&self, key: &Key<'_>, sequence: Sequence, findings: &mut Findings) {
        let name = &self.reader.name;
        let place = |sighting: &Sighting, key: &Key<'_>| key.sequence.or(sighting.sequence);
        let came_from_below =
            self.known().any(|(sighting, key)| place(sighting, key).is_some_and(|other| other < sequence));
        let beyond = |saw: &Saw| match saw {
            Saw::Event(sighting) => sighting.sequence.is_some_and(|other| other > sequence),
            _ => false,
        };
        let passed = self.saw.iter().position(beyond);
        if passed.is_none() && self.reader.stopped {
            return;
        }
        let (until, passed_at) = match passed {
            Some(place) => (place, self.next_at(place)),
            None => (self.saw.len(), u64::MAX),
        };
        if !key.removals(self.history).any(|removal| removal.invoked < passed_at) {
            let what =
                format!("{name} was not given {key}, which was removed only after {name} had passed it");
            findings.note(Kind::Missed, Law::NoMiss, what);
            return;
        }
        let explains = |saw: &Saw| match saw {
            Saw::Gap(resume_at) => resume_at.is_none_or(|resume_at| resume_at > sequence),
            _ => false,
        };
        // Who begins with the oldest begins where nothing is missing: what was removed before its first look is not missed.
        let first_look = self.sightings().next().map_or(u64::MAX, |sighting| sighting.at);
        let gone_before = key.removals(self.history).any(|removal| removal.invoked < first_look);
        let began_beyond = self.latest_since.is_none() && (!came_from_below || gone_before);
        if !began_beyond && !self.saw[..until].iter().any(explains) {
            let what = format!("{name} was not given {key}, which was removed, and was told no gap there");
            findings.note(Kind::Untold, Law::Told, what);
        }
    }
}

fn next_event(saw: &[Saw]) -> Option<&Sighting> {
    saw.iter().find_map(|saw| match saw {
        Saw::Event(sighting) => Some(sighting),
        _ => None,
    })
}

/// What a selector means, by the plain model and not by the code under examination.
fn selects(selector: &Selector, sent: &Sent) -> bool {
    let own = selector.excepted().is_some() && sent.source.as_ref() == selector.excepted();
    !own && means_channel(selector, sent.channel.as_str())
}

fn described(sent: &Sent) -> String {
    match &sent.source {
        Some(source) => format!("{} by {source}", sent.channel),
        None => sent.channel.to_string(),
    }
}

fn after(last: Option<Sequence>) -> String {
    last.map(|last| format!(" after {last}")).unwrap_or_default()
}
