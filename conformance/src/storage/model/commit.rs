//! The model's commit: the laws of order, atomicity, repeated ids and compare-and-set.

use super::{Acknowledged, Held, Model};
use eventweir::{
    Commit, Cursor, CursorExpect, CursorMove, CursorTarget, ErrorKind, Event, Expect, NewEvent, Record,
    RecordChange, RecordExpect, Sequence,
};

impl Model {
    /// Carries out a commit, or says which kinds of error are right: where a commit is wrong in several ways, any of them.
    pub(crate) fn commit(&mut self, commit: &Commit) -> Result<Acknowledged, Vec<ErrorKind>> {
        if let Some(first) = self.repeated(commit) {
            return Ok(Acknowledged { repeated: true, ..first });
        }
        if !self.holds(&commit.expect) {
            return Err(vec![ErrorKind::Conflict]);
        }
        // All of it happens to a copy, which takes the place of the stream only when nothing is refused.
        let mut after = self.clone();
        let events = commit.append.iter().map(|new| after.append(new)).collect();
        let mut refused = Vec::new();
        for change in &commit.cursors {
            refused.extend(after.move_cursor(change));
        }
        for change in &commit.records {
            refused.extend(after.change_record(change));
        }
        if !refused.is_empty() {
            return Err(refused);
        }
        let acknowledged = Acknowledged { head: after.head(), events, repeated: false };
        if let Some(id) = &commit.id {
            after.commits.push((id.clone(), acknowledged.clone()));
        }
        *self = after;
        Ok(acknowledged)
    }

    fn repeated(&self, commit: &Commit) -> Option<Acknowledged> {
        let id = commit.id.as_ref().filter(|_| self.remembers)?;
        self.commits.iter().find(|(known, _)| known == id).map(|(_, first)| first.clone())
    }

    fn holds(&self, expect: &Expect) -> bool {
        match expect {
            Expect::Any => true,
            Expect::Head(head) => self.head() == *head,
            Expect::ChannelHead(channel, last) => self.channel_head(channel) == Some(*last),
        }
    }

    fn append(&mut self, new: &NewEvent) -> (Sequence, bool) {
        let known = self.events.iter().find(|held| self.remembers && held.event.id == new.id);
        if let Some(known) = known {
            return (known.event.sequence, true);
        }
        let sequence = self.head().next();
        self.events.push(Held { event: Event::new(sequence, new.clone()), removed: false });
        (sequence, false)
    }

    fn move_cursor(&mut self, change: &CursorMove) -> Vec<ErrorKind> {
        let mut refused = Vec::new();
        let now = self.cursor(&change.name).map(|cursor| cursor.sequence);
        match change.expect {
            CursorExpect::Anywhere if !change.forced => refused.push(ErrorKind::InvalidInput),
            CursorExpect::Absent if now.is_some() => refused.push(ErrorKind::Conflict),
            CursorExpect::At(place) if now != Some(place) => refused.push(ErrorKind::Conflict),
            _ => {}
        }
        self.cursors.retain(|cursor| cursor.name != change.name);
        let CursorTarget::To(to) = change.to else { return refused };
        if to > self.head() {
            refused.push(ErrorKind::InvalidInput);
        }
        if now.is_some_and(|now| to < now) && !change.forced {
            refused.push(ErrorKind::Conflict);
        }
        self.cursors.push(Cursor { name: change.name.clone(), sequence: to, moved: change.time });
        refused
    }

    fn change_record(&mut self, change: &RecordChange) -> Option<ErrorKind> {
        let version = self.record(&change.key).map(|record| record.version);
        let expected = match change.expect {
            RecordExpect::Any => true,
            RecordExpect::Absent => version.is_none(),
            RecordExpect::Version(expected) => version == Some(expected),
        };
        self.records.retain(|(key, _)| *key != change.key);
        if let Some(value) = &change.value {
            let record = Record { version: version.unwrap_or(0) + 1, value: value.clone() };
            self.records.push((change.key.clone(), record));
        }
        (!expected).then_some(ErrorKind::Conflict)
    }
}
