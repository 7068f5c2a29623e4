//! What a process writes: made of a seed and numbers, so that its parent knows every byte of it.

use crate::faults::Dice;
use crate::words::{channel, commit_id, cursor, event_id, key, seq};
use bytes::Bytes;
use eventweir::{
    Commit, CursorExpect, CursorMove, CursorName, CursorTarget, NewEvent, RecordChange, RecordExpect,
    RecordKey, Sequence, Timestamp,
};

/// One commit that a writer of a process tries: its `number`, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) life: u64,
    pub(crate) writer: u64,
    pub(crate) number: u64,
    pub(crate) before: Before,
}

/// What a writer knows before a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Before {
    /// The head that its last receipt said.
    pub(crate) head: Sequence,
    /// Where its cursor is, once it has one.
    pub(crate) cursor: Option<Sequence>,
    /// The version of its record; 0 before it has one.
    pub(crate) version: u64,
}

/// What kind of commit it is.
struct Kind {
    events: u64,
    /// Each event has so many bytes more.
    padding: usize,
    has_id: bool,
    /// It moves the writer's cursor to the head it knew, and writes its number into the writer's record.
    moves: bool,
}

impl Attempt {
    fn kind(&self, seed: u64) -> Kind {
        let mut dice = Dice::new(seed ^ self.life << 48 ^ self.writer << 40 ^ self.number);
        let moves = dice.chance(0.4);
        Kind {
            events: dice.between(1, 4),
            padding: if dice.chance(0.1) { 6_000 } else { dice.between(0, 60) as usize },
            // Without an id a repeated move would be refused, as it should be.
            has_id: moves || dice.chance(0.5),
            moves,
        }
    }

    pub(crate) fn commit(&self, seed: u64) -> Commit {
        let kind = self.kind(seed);
        let mut commit = Commit::append((0..kind.events).map(|index| self.event(index, kind.padding)));
        if kind.has_id {
            commit = commit.with_id(commit_id(&format!("c.{}", self.name())));
        }
        if kind.moves {
            let expect = self.before.cursor.map_or(CursorExpect::Absent, CursorExpect::At);
            let moved = CursorMove::new(self.cursor(), expect, CursorTarget::To(self.before.head));
            commit = commit.with_cursor(moved).with_record(self.change());
        }
        commit
    }

    fn event(&self, index: u64, padding: usize) -> NewEvent {
        let name = format!("{}.{index}", self.name());
        let data = format!("{name} {}", "x".repeat(padding));
        let mut event = NewEvent::identified(event_id(&name), channel(&format!("/w{}", self.writer)), data);
        event.time = Timestamp::from_millis(self.number as i64);
        event
    }

    fn change(&self) -> RecordChange {
        let expect = match self.before.version {
            0 => RecordExpect::Absent,
            version => RecordExpect::Version(version),
        };
        RecordChange { key: self.key(), expect, value: Some(self.value()) }
    }

    /// Returns what the writer knows once this commit has brought the head to `head`.
    pub(crate) fn after(&self, seed: u64, head: Sequence) -> Before {
        match self.kind(seed).moves {
            false => Before { head, ..self.before },
            true => Before { head, cursor: Some(self.before.head), version: self.before.version + 1 },
        }
    }

    pub(crate) fn has_id(&self, seed: u64) -> bool {
        self.kind(seed).has_id
    }

    pub(crate) fn moves(&self, seed: u64) -> bool {
        self.kind(seed).moves
    }

    /// Returns what the record holds after a commit that moves.
    pub(crate) fn value(&self) -> Bytes {
        Bytes::from(self.number.to_string())
    }

    pub(crate) fn cursor(&self) -> CursorName {
        cursor(&format!("cursor.{}.{}", self.life, self.writer))
    }

    pub(crate) fn key(&self) -> RecordKey {
        key(&format!("record.{}.{}", self.life, self.writer))
    }

    pub(crate) fn name(&self) -> String {
        format!("{}.{}.{}", self.life, self.writer, self.number)
    }
}

impl Before {
    pub(crate) fn parse(head: &str, cursor: &str, version: &str) -> Option<Self> {
        let cursor = match cursor {
            "-" => None,
            cursor => Some(seq(cursor.parse().ok()?)),
        };
        Some(Self { head: seq(head.parse().ok()?), cursor, version: version.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_numbers_make_the_same_commit() {
        let attempt = |number| Attempt { life: 1, writer: 2, number, before: Before::default() };
        let commits = |seed| (0..50).map(|number| attempt(number).commit(seed)).collect::<Vec<_>>();
        let printed = |seed| format!("{:?}", commits(seed));
        assert_eq!(printed(3), printed(3));
        assert_ne!(printed(3), printed(4));
        assert!(commits(3).iter().any(|commit| commit.id.is_none() && commit.cursors.is_empty()));
        assert!(commits(3).iter().any(|commit| !commit.cursors.is_empty() && !commit.records.is_empty()));
        assert!(commits(3).iter().any(|commit| commit.append.len() > 1));
    }
}
