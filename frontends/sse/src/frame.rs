//! The bytes of an event stream.

use crate::DataForm;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use eventweir::{Batch, ContentType, Epoch, Event, Gap, Position, Reset, Sequence};
use eventweir_web::Problem;
use std::io::Write;
use std::time::Duration;

/// What goes out while the store does not answer: a comment, so that the connection shows life.
pub(crate) const TRYING_AGAIN: Bytes = Bytes::from_static(b": the store does not answer, trying again\n\n");

const QUIET_HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");
/// Room for the names and the id of a frame.
const FRAME_ROOM: usize = 64;

/// Begins a stream. The id is where it starts, so that a client cut off before the first event misses none.
pub(crate) fn opening(retry: Duration, position: Option<Position>) -> Bytes {
    let retry = format!("retry: {}\n: an Eventweir event stream\n", retry.as_millis());
    match position {
        Some(position) => format!("{retry}id: {position}\n\n").into(),
        None => format!("{retry}\n").into(),
    }
}

/// Shows life, and how far the stream has come when that is news. Without data nothing is dispatched to the client's program,
/// but its last event id moves.
pub(crate) fn heartbeat(moved_to: Option<Position>) -> Bytes {
    match moved_to {
        Some(position) => format!(":\nid: {position}\n\n").into(),
        None => QUIET_HEARTBEAT,
    }
}

/// Frames all events of a batch, once for all who have it.
pub(crate) fn batch(batch: &Batch, form: DataForm) -> Bytes {
    batch.wire_form(form.wire(), |batch| encode_batch(batch, form)).clone()
}

fn encode_batch(batch: &Batch, form: DataForm) -> Bytes {
    let epoch = batch.position().epoch;
    let frames: Vec<&Bytes> = batch.events().iter().map(|event| event_frame(event, epoch, form)).collect();
    match frames[..] {
        [only] => only.clone(),
        _ => {
            let mut out = Vec::with_capacity(frames.iter().map(|frame| frame.len()).sum());
            frames.iter().for_each(|frame| out.extend_from_slice(frame));
            out.into()
        }
    }
}

/// An event has one place in one incarnation of one stream, so its frame may hold the epoch and still be shared.
fn event_frame(event: &Event, epoch: Epoch, form: DataForm) -> &Bytes {
    event.wire_form(form.wire(), |event| {
        let position = Position::new(epoch, event.sequence);
        match form {
            DataForm::Json => frame(position, None, event.to_json()),
            DataForm::Raw if is_exact_text(event) => frame(position, None, &event.data),
            DataForm::Raw => frame(position, Some("binary"), data_url(event).as_bytes()),
        }
    })
}

/// Tells of removed events.
pub(crate) fn gap(gap: &Gap, position: Option<Position>) -> Bytes {
    let data = format!(r#"{{"after":{},"resume_at":{}}}"#, gap.after, gap.resume_at);
    told("gap", position, data.as_bytes())
}

/// Tells of a stream that was begun anew.
pub(crate) fn reset(reset: &Reset, position: Option<Position>) -> Bytes {
    let position = position.unwrap_or(Position::new(reset.epoch, Sequence::ZERO));
    let data = format!(r#"{{"refused":"{}","position":"{position}"}}"#, reset.refused);
    frame(position, Some("reset"), data.as_bytes())
}

/// Tells why the stream ends.
pub(crate) fn error(problem: &Problem) -> Bytes {
    told("error", None, &problem.to_json())
}

fn told(name: &str, position: Option<Position>, data: &[u8]) -> Bytes {
    match position {
        Some(position) => frame(position, Some(name), data),
        None => {
            let mut out = Vec::with_capacity(FRAME_ROOM + data.len());
            push_body(&mut out, Some(name), data);
            out.into()
        }
    }
}

fn frame(position: Position, name: Option<&str>, data: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(FRAME_ROOM + data.len());
    // Writing to a vector cannot fail.
    let _ = writeln!(out, "id: {position}");
    push_body(&mut out, name, data);
    out.into()
}

fn push_body(out: &mut Vec<u8>, name: Option<&str>, data: &[u8]) {
    if let Some(name) = name {
        let _ = writeln!(out, "event: {name}");
    }
    push_data(out, data);
    out.push(b'\n');
}

/// Appends data line by line: a carriage return, a line feed and both together each end a line of an event stream.
fn push_data(out: &mut Vec<u8>, mut data: &[u8]) {
    loop {
        let end = data.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&data[..end.unwrap_or(data.len())]);
        out.push(b'\n');
        let Some(end) = end else { return };
        let both = data[end..].starts_with(b"\r\n");
        data = &data[end + 1 + usize::from(both)..];
    }
}

/// Returns whether an event's data can be sent as lines: UTF-8, and without carriage returns unless its line ends are only that.
fn is_exact_text(event: &Event) -> bool {
    let may_change_line_ends = event.content_type.is_json() || is_text(&event.content_type);
    (may_change_line_ends || !event.data.contains(&b'\r')) && std::str::from_utf8(&event.data).is_ok()
}

fn is_text(content_type: &ContentType) -> bool {
    content_type.as_str().get(..5).is_some_and(|kind| kind.eq_ignore_ascii_case("text/"))
}

fn data_url(event: &Event) -> String {
    let content_type = url_media_type(&event.content_type);
    let mut url = format!("data:{content_type};base64,");
    STANDARD.encode_string(&event.data, &mut url);
    url
}

/// Writes a media type for a URL, without its parameters when they hold what a URL cannot.
fn url_media_type(content_type: &ContentType) -> String {
    let fits =
        |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/;=+-._!$&'*^`|~".contains(&b));
    let whole = content_type.as_str().replace(' ', "");
    if fits(&whole) {
        return whole;
    }
    let essence = whole.split(';').next().unwrap_or_default();
    if fits(essence) { essence.to_owned() } else { ContentType::BINARY.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventweir::{ChannelName, NewEvent};

    fn lines(data: &[u8]) -> String {
        let mut out = Vec::new();
        push_data(&mut out, data);
        String::from_utf8(out).unwrap()
    }

    fn raw(content_type: &str, data: &[u8]) -> String {
        let new = NewEvent::new(ChannelName::new("/a").unwrap(), data.to_vec())
            .with_content_type(ContentType::new(content_type).unwrap());
        let event = Event::new(Sequence::new(7).unwrap(), new);
        let frame = event_frame(&event, Epoch::new(0xab).unwrap(), DataForm::Raw);
        String::from_utf8(frame.to_vec()).unwrap()
    }

    #[test]
    fn every_line_end_begins_a_line() {
        assert_eq!(lines(b"a\r\nb\rc\nd"), "data: a\ndata: b\ndata: c\ndata: d\n");
        assert_eq!(lines(b"\n\r\n\r"), "data: \ndata: \ndata: \ndata: \n");
        assert_eq!(lines(b""), "data: \n");
        assert_eq!(lines(b" a: b"), "data:  a: b\n");
    }

    #[test]
    fn raw_text_is_sent_as_it_is() {
        assert_eq!(raw("text/plain", b"a\r\nb"), "id: 00000000000000ab:7\ndata: a\ndata: b\n\n");
        assert_eq!(raw("application/octet-stream", b"a\nb"), "id: 00000000000000ab:7\ndata: a\ndata: b\n\n");
        assert_eq!(raw("application/json", b"{\r}"), "id: 00000000000000ab:7\ndata: {\ndata: }\n\n");
        assert_eq!(raw("text/plain", b""), "id: 00000000000000ab:7\ndata: \n\n");
    }

    #[test]
    fn what_text_would_change_is_sent_as_a_data_url() {
        let url = |content_type: &str, data: &[u8]| {
            let frame = raw(content_type, data);
            let rest = frame.strip_prefix("id: 00000000000000ab:7\nevent: binary\ndata: data:").unwrap();
            rest.strip_suffix("\n\n").unwrap().to_owned()
        };
        assert_eq!(url("image/png", b"\x89P"), "image/png;base64,iVA=");
        assert_eq!(url("application/octet-stream", b"a\rb"), "application/octet-stream;base64,YQ1i");
        assert_eq!(url("text/plain; charset=latin1", b"\xe4"), "text/plain;charset=latin1;base64,5A==");
        assert_eq!(url("a/b; c=\"d,e\"", b"\xe4"), "a/b;base64,5A==");
        assert_eq!(url("a,b/c", b"\xe4"), "application/octet-stream;base64,5A==");
    }
}
