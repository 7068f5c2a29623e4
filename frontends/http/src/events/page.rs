//! Pages as bytes. Each event's JSON is spliced in as it was encoded once for all.

use super::form::Form;
use crate::cloudevents;
use eventweir::{Direction, Gap, Page, Position, ReadQuery, Reset, Sequence};
use std::io::Write;

/// Says where a reader goes on from a page.
pub(super) struct Onward {
    /// Where an ascending read goes on.
    pub(super) position: Position,
    /// The `until` with which a descending read goes on, as long as there is more.
    pub(super) until: Option<Sequence>,
}

impl Onward {
    pub(super) fn of(query: &ReadQuery, page: &Page) -> Self {
        match query.direction {
            Direction::Ascending => Self { position: page.position(), until: None },
            // Reading on upwards begins where this page's first look began.
            Direction::Descending => {
                let top = query.until.map_or(page.bounds.head, |until| until.min(page.bounds.head));
                let position = Position::new(page.bounds.epoch, top);
                Self { position, until: page.more.then(|| page.through.previous()) }
            }
        }
    }
}

/// Writes a page in a form.
pub(super) fn encode(form: Form, page: &Page, onward: &Onward) -> Vec<u8> {
    match form {
        Form::Lines => as_lines(page),
        Form::CloudEvents => as_cloud_events(page),
        Form::Page | Form::Stream => as_object(page, onward),
    }
}

fn as_object(page: &Page, onward: &Onward) -> Vec<u8> {
    let mut out = Vec::with_capacity(size_of_events(page) + 256);
    out.extend_from_slice(b"{\"events\":[");
    for (at, event) in page.events.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(event.to_json());
    }
    // Writing to a vector cannot fail.
    let _ = write!(out, "],\"position\":\"{}\",\"more\":{}", onward.position, page.more);
    if let Some(until) = onward.until {
        let _ = write!(out, ",\"until\":{until}");
    }
    if let Some(gap) = &page.gap {
        let _ = write!(out, ",\"gap\":{}", gap_json(gap));
    }
    if let Some(reset) = &page.reset {
        let _ = write!(out, ",\"reset\":{}", reset_json(reset));
    }
    out.push(b'}');
    out
}

/// What is to be told comes first, in a line of its own.
fn as_lines(page: &Page) -> Vec<u8> {
    let mut out = Vec::with_capacity(size_of_events(page) + 256);
    if let Some(reset) = &page.reset {
        let _ = writeln!(out, "{{\"reset\":{}}}", reset_json(reset));
    }
    if let Some(gap) = &page.gap {
        let _ = writeln!(out, "{{\"gap\":{}}}", gap_json(gap));
    }
    for event in &page.events {
        out.extend_from_slice(event.to_json());
        out.push(b'\n');
    }
    out
}

/// What is to be told comes first, as an event of its own.
fn as_cloud_events(page: &Page) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(256 + page.events.iter().map(|e| e.data.len() * 4 / 3 + 256).sum::<usize>());
    out.push(b'[');
    if let Some(reset) = &page.reset {
        cloudevents::push_reset(&mut out, reset);
        out.push(b',');
    }
    if let Some(gap) = &page.gap {
        cloudevents::push_gap(&mut out, page.bounds.epoch, gap);
        out.push(b',');
    }
    for event in &page.events {
        cloudevents::push_event(&mut out, event);
        out.push(b',');
    }
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(b']');
    out
}

fn size_of_events(page: &Page) -> usize {
    page.events.iter().map(|event| event.to_json().len() + 1).sum()
}

/// Writes a gap as JSON.
pub(crate) fn gap_json(gap: &Gap) -> String {
    format!("{{\"after\":{},\"resume_at\":{}}}", gap.after, gap.resume_at)
}

/// Writes a reset as JSON.
pub(crate) fn reset_json(reset: &Reset) -> String {
    format!("{{\"refused\":\"{}\",\"epoch\":\"{}\"}}", reset.refused, reset.epoch)
}
