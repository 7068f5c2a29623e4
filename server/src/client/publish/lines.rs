//! An event for each line, many in a commit.

use super::data::{Data, unreadable};
use super::{PublishArguments, Published, not_understood};
use crate::client::connection::{Call, Connection};
use crate::failure::{Failure, Result};
use crate::output::Output;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eventweir::json::push_string;
use eventweir::{ContentType, EventId};
use http::Method;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use tokio::sync::mpsc;

/// Events in a batch, at most; and bytes, beyond which no further line is added.
const BATCH_EVENTS: usize = 500;
const BATCH_BYTES: usize = 1 << 20;
/// Lines that may wait for the batch before them.
const WAITING_LINES: usize = 2 * BATCH_EVENTS;
/// Greatest length of a line.
const MAX_LINE_BYTES: u64 = 64 << 20;

#[derive(Deserialize)]
struct Receipt {
    events: Vec<Published>,
}

/// Returns the receipt of a batch of one as if the event had been published alone.
pub(super) fn only_event(body: &[u8]) -> Result<Vec<u8>> {
    #[derive(Deserialize)]
    struct Receipt<'a> {
        #[serde(borrow)]
        events: [&'a RawValue; 1],
    }
    let receipt: Receipt<'_> = serde_json::from_slice(body).map_err(not_understood)?;
    Ok(receipt.events[0].get().as_bytes().to_vec())
}

/// Counts what was published.
#[derive(Default)]
struct Tally {
    events: u64,
    again: u64,
    last: u64,
}

/// Publishes every line that is not empty. Whatever lines have come while a batch was on its way are the next batch, so that a
/// slow source is not held up and a fast one travels in bulk.
pub(super) async fn publish(arguments: &PublishArguments, connection: &Connection, path: &str) -> Result<()> {
    let mut lines = read_lines(arguments.data.clone());
    let mut writer = EventWriter::new(arguments)?;
    let (progress, mut tally) = (progress_bar(), Tally::default());
    while let Some(batch) = next_batch(&mut lines, &mut writer).await? {
        let call =
            Call::new(Method::POST, path).with("content-type", "application/x-ndjson")?.with_body(batch);
        let body = connection.call(&call).await?;
        let receipt: Receipt = serde_json::from_slice(&body).map_err(not_understood)?;
        tally.add(&receipt);
        progress.set_position(tally.events);
    }
    progress.finish_and_clear();
    tally.show(arguments.target.json)
}

impl Tally {
    fn add(&mut self, receipt: &Receipt) {
        self.events += receipt.events.len() as u64;
        self.again += receipt.events.iter().filter(|event| event.duplicate).count() as u64;
        self.last = receipt.events.iter().map(|event| event.sequence).fold(self.last, u64::max);
    }

    fn show(&self, json: bool) -> Result<()> {
        let Self { events, again, last } = self;
        let mut output = Output::stdout();
        if json {
            return output.line(&format!("{{\"events\":{events},\"duplicates\":{again},\"last\":{last}}}"));
        }
        let known = if *again > 0 { format!(", {again} of them were there already") } else { String::new() };
        output.line(&format!("published {events} events up to {last}{known}"))
    }
}

/// Shows on a terminal how far it is; elsewhere nothing.
fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {pos} events, {per_sec}, {elapsed}");
    let progress = ProgressBar::new_spinner();
    match style {
        Ok(style) => progress.with_style(style),
        Err(_) => progress,
    }
}

/// Reads lines on a thread of its own, because stdin cannot be waited for otherwise. It ends with its receiver.
fn read_lines(source: String) -> mpsc::Receiver<Result<Vec<u8>>> {
    let (send, receive) = mpsc::channel(WAITING_LINES);
    tokio::task::spawn_blocking(move || {
        if let Err(failure) = send_lines(&source, &send) {
            // Nobody to tell when nobody listens any more.
            let _ = send.blocking_send(Err(failure));
        }
    });
    receive
}

fn send_lines(source: &str, send: &mpsc::Sender<Result<Vec<u8>>>) -> Result<()> {
    let mut input: Box<dyn BufRead> = match (source, source.strip_prefix('@')) {
        ("-", _) => Box::new(std::io::stdin().lock()),
        (_, Some(path)) => {
            Box::new(BufReader::new(File::open(path).map_err(|error| unreadable(path, &error))?))
        }
        _ => Box::new(source.as_bytes()),
    };
    loop {
        let mut line = Vec::new();
        let mut limited = input.as_mut().take(MAX_LINE_BYTES + 1);
        limited.read_until(b'\n', &mut line).map_err(|error| unreadable(source, &error))?;
        if line.is_empty() {
            return Ok(());
        }
        if line.len() as u64 > MAX_LINE_BYTES {
            return Err(Failure::usage(format!("a line is longer than {MAX_LINE_BYTES} bytes")));
        }
        while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            line.pop();
        }
        if !line.is_empty() && send.blocking_send(Ok(line)).is_err() {
            return Ok(());
        }
    }
}

/// Waits for a line, and adds those that are there already; `None` after the last.
async fn next_batch(
    lines: &mut mpsc::Receiver<Result<Vec<u8>>>,
    writer: &mut EventWriter<'_>,
) -> Result<Option<Vec<u8>>> {
    let Some(first) = lines.recv().await else { return Ok(None) };
    let mut batch = Vec::new();
    writer.push(&mut batch, &first?);
    for _ in 1..BATCH_EVENTS {
        if batch.len() >= BATCH_BYTES {
            break;
        }
        match lines.try_recv() {
            Ok(line) => writer.push(&mut batch, &line?),
            Err(_) => break,
        }
    }
    Ok(Some(batch))
}

/// Writes events as lines of JSON.
pub(super) struct EventWriter<'a> {
    prefix: Option<&'a EventId>,
    content_type: Option<ContentType>,
    source: Option<&'a str>,
    count: u64,
}

impl<'a> EventWriter<'a> {
    pub(super) fn new(arguments: &'a PublishArguments) -> Result<Self> {
        let content_type = arguments
            .content_type
            .as_deref()
            .map(ContentType::new)
            .transpose()
            .map_err(|error| Failure::usage(format!("--content-type: {}", error.message())))?;
        Ok(Self {
            prefix: arguments.id.as_ref(),
            content_type,
            source: arguments.source.as_deref(),
            count: 0,
        })
    }

    fn push(&mut self, out: &mut Vec<u8>, line: &[u8]) {
        self.count += 1;
        let id = match self.prefix {
            Some(prefix) => format!("{prefix}-{}", self.count),
            None => EventId::generate().to_string(),
        };
        self.push_event(out, &id, &Data::of(line));
    }

    /// Returns the line of one event.
    pub(super) fn event(&self, id: &EventId, data: &Data) -> Vec<u8> {
        let mut line = Vec::new();
        self.push_event(&mut line, id.as_str(), data);
        line
    }

    fn push_event(&self, out: &mut Vec<u8>, id: &str, data: &Data) {
        out.extend_from_slice(b"{\"id\":");
        push_string(out, id);
        if let Some(source) = self.source {
            out.extend_from_slice(b",\"source\":");
            push_string(out, source);
        }
        self.push_data(out, data);
        out.extend_from_slice(b"}\n");
    }

    fn push_data(&self, out: &mut Vec<u8>, data: &Data) {
        let content_type = self.content_type.as_ref().map_or_else(|| data.guess_type(), ContentType::as_str);
        let is_json =
            self.content_type.as_ref().map_or(content_type == "application/json", ContentType::is_json);
        out.extend_from_slice(b",\"content_type\":");
        push_string(out, content_type);
        // JSON that is none is sent as bytes, so that the broker's refusal names the line.
        if is_json && eventweir::json::check(data.as_bytes()).is_ok() {
            out.extend_from_slice(b",\"data\":");
            out.extend_from_slice(data.as_bytes());
        } else {
            out.extend_from_slice(b",\"data_base64\":\"");
            out.extend_from_slice(STANDARD.encode(data.as_bytes()).as_bytes());
            out.push(b'"');
        }
    }
}
