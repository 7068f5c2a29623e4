//! Makes calls of steps: what a step says of the state is looked up in the model.

use super::step::{
    CHANNELS, CommitStep, CursorStep, EventStep, ExpectStep, ReadStep, RecordState, RecordStep, SOURCES,
    StartStep, TrimStep,
};
use crate::storage::model::Model;
use crate::words::{channel, commit_id, cursor, event, event_id, key, source};
use bytes::Bytes;
use eventweir::{
    Commit, CursorExpect, CursorMove, CursorTarget, Direction, Epoch, Expect, Headers, NewEvent, Position,
    ReadQuery, RecordChange, RecordExpect, Retention, Sequence, Start, Timestamp,
};
use std::time::Duration;

pub(super) fn commit(model: &Model, now: Timestamp, step: &CommitStep) -> Commit {
    let mut commit = Commit::append(step.events.iter().map(|step| new_event(now, step)));
    commit.id = step.id.map(|id| commit_id(&format!("C{id}")));
    commit.expect = expect(model, step.expect);
    // Where the head will be, when no id is known.
    let head = model.head().plus(step.events.len() as u64);
    for (number, step) in &step.cursors {
        let change = cursor_move(model, head, now, *number, *step);
        if commit.cursors.iter().all(|other| other.name != change.name) {
            commit.cursors.push(change);
        }
    }
    for (number, step) in &step.records {
        let change = record_change(model, *number, *step);
        if commit.records.iter().all(|other| other.key != change.key) {
            commit.records.push(change);
        }
    }
    commit
}

fn new_event(now: Timestamp, step: &EventStep) -> NewEvent {
    // Bytes that are no text, so that nobody takes data for text.
    let data: Vec<u8> = (0..step.size).map(|n| 0xff - n as u8).collect();
    let mut new = event(CHANNELS[step.channel], data);
    new.time = now.minus(minutes(step.age));
    new.source = step.source.map(|number| source(SOURCES[number]));
    if let Some(id) = step.id {
        new.id = event_id(&format!("E{id}"));
    }
    if step.header {
        new.headers = Headers::new([("trace", "ä")]).unwrap_or_default();
    }
    new
}

fn expect(model: &Model, step: ExpectStep) -> Expect {
    let by = |wrong| u64::from(wrong);
    match step {
        ExpectStep::Any => Expect::Any,
        ExpectStep::Head { wrong } => Expect::Head(model.head().plus(by(wrong))),
        ExpectStep::ChannelHead { channel: number, wrong } => {
            let channel = channel(CHANNELS[number]);
            match model.channel_head(&channel) {
                Some(last) => Expect::ChannelHead(channel, last.plus(by(wrong))),
                None => Expect::Any,
            }
        }
    }
}

fn cursor_move(model: &Model, head: Sequence, now: Timestamp, number: usize, step: CursorStep) -> CursorMove {
    let name = cursor(&format!("c{number}"));
    let here = model.cursor(&name).map(|cursor| cursor.sequence);
    let at = here.unwrap_or(Sequence::ZERO);
    let up = |by| at.plus(by).min(head.max(at));
    let to = |expect, to| CursorMove::new(name.clone(), expect, CursorTarget::To(to));
    let mut change = match step {
        CursorStep::Create(below) => {
            to(CursorExpect::Absent, Sequence::ZERO.plus(head.get().saturating_sub(below)))
        }
        CursorStep::Advance(by) => to(CursorExpect::At(at), up(by)),
        CursorStep::Misplaced => to(CursorExpect::At(at.next()), up(1)),
        CursorStep::Back => to(CursorExpect::At(at), at.previous()),
        CursorStep::Unforced => to(CursorExpect::Anywhere, up(1)),
        CursorStep::Force(place) => CursorMove::force(name, Sequence::ZERO.plus(place).min(head)),
        CursorStep::Remove => CursorMove::remove(name),
        CursorStep::BeyondHead => to(here.map_or(CursorExpect::Absent, CursorExpect::At), head.next()),
    };
    change.time = now;
    change
}

fn record_change(model: &Model, number: usize, step: RecordStep) -> RecordChange {
    let key = key(&format!("r{number}"));
    let version = model.record(&key).map(|record| record.version);
    let expect = match step.expect {
        RecordState::Any => RecordExpect::Any,
        RecordState::Absent => RecordExpect::Absent,
        RecordState::AsItIs => version.map_or(RecordExpect::Absent, RecordExpect::Version),
        RecordState::Wrong => RecordExpect::Version(version.unwrap_or(0) + 1),
    };
    RecordChange { key, expect, value: step.value.map(|value| Bytes::from(vec![value; 3])) }
}

pub(super) fn query(model: &Model, epoch: Epoch, step: &ReadStep) -> ReadQuery {
    let place = |below: u64| Sequence::ZERO.plus(model.head().next().get().saturating_sub(below));
    let start = match step.start {
        StartStep::Earliest => Start::Earliest,
        StartStep::Latest => Start::Latest,
        StartStep::After(below) => Start::After(place(below)),
        StartStep::At(below) => Start::At(Position::new(epoch, place(below))),
        StartStep::OtherEpoch(below) => Start::At(Position::new(other_epoch(epoch), place(below))),
    };
    let mut query =
        ReadQuery::new(step.selector.selector(), start).with_limit(step.limit).with_max_bytes(step.max_bytes);
    query.until = step.until.map(|below| Sequence::ZERO.plus(model.head().get().saturating_sub(below)));
    if step.newest_first {
        query.direction = Direction::Descending;
    }
    query
}

/// Invents an epoch that is another one.
pub(crate) fn other_epoch(epoch: Epoch) -> Epoch {
    loop {
        let other = Epoch::random();
        if other != epoch {
            return other;
        }
    }
}

pub(super) fn retention(step: TrimStep) -> Retention {
    Retention { max_age: step.age.map(minutes), max_events: step.events, max_bytes: step.bytes }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}
