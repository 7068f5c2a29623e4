//! Batches of events as lines of JSON.

use crate::event_input::{EventInput, json_refused};
use eventweir::{ChannelName, Error, ErrorKind, NewEvent, Result, Source};

/// Reads one event from each line that is not blank. `home` and `source` are for lines that name none.
///
/// # Errors
/// What is wrong with the first bad line, naming it; [`TooLarge`](ErrorKind::TooLarge) when there are more than `most`.
pub(super) fn from_lines(
    body: &[u8],
    home: Option<&ChannelName>,
    source: Option<&Source>,
    most: usize,
) -> Result<Vec<NewEvent>> {
    let count = lines(body).count();
    if count > most {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("a batch has at most {most} events, this one has {count}"),
        ));
    }
    let mut events = Vec::with_capacity(count);
    for (number, line) in lines(body) {
        let mut event = from_line(line, home)
            .map_err(|error| Error::new(error.kind(), format!("line {number}: {}", error.message())))?;
        event.source = event.source.or_else(|| source.cloned());
        events.push(event);
    }
    Ok(events)
}

/// Lists the lines that are not blank, with their numbers from 1.
fn lines(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    (1..).zip(body.split(|b| *b == b'\n')).filter(|(_, line)| !line.trim_ascii().is_empty())
}

fn from_line(line: &[u8], home: Option<&ChannelName>) -> Result<NewEvent> {
    let input: EventInput<'_> = serde_json::from_slice(line).map_err(|error| json_refused(&error))?;
    let event = input.into_event(home)?;
    event.check()?;
    Ok(event)
}
