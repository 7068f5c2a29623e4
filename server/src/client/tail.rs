//! `weir tail`: following channels.

use super::Target;
use super::connection::{Call, Connection, Pieces};
use super::event_stream::{StreamEvent, StreamParser};
use super::payload;
use super::refusal::Refusal;
use super::retry::Pauses;
use super::selection::{Channels, encode_value};
use crate::failure::{Failure, Result};
use crate::output::Output;
use clap::Args;
use eventweir::Start;
use std::io::Write;

/// What `weir tail` takes.
#[derive(Args, Debug)]
pub(crate) struct TailArguments {
    #[command(flatten)]
    channels: Channels,
    /// Start after this position or sequence; what was removed since is told
    #[arg(long, value_name = "POSITION", conflicts_with = "from_start")]
    after: Option<Start>,
    /// Start with the oldest event there is
    #[arg(long)]
    from_start: bool,
    /// End after this many events
    #[arg(long, value_name = "EVENTS")]
    count: Option<u64>,
    #[command(flatten)]
    target: Target,
}

/// Follows channels until the reader has seen enough, reconnecting at the last event seen.
///
/// Gaps and resets are told on stderr, in JSON on stdout as well.
///
/// # Errors
/// When the broker refuses for good, or cannot be reached for longer than patience lasts.
pub(crate) async fn run(arguments: TailArguments) -> Result<()> {
    if arguments.count == Some(0) {
        return Ok(());
    }
    let start = match arguments.after {
        Some(start) => start_text(start),
        None if arguments.from_start => "earliest".to_owned(),
        None => "latest".to_owned(),
    };
    let address = format!("{}&after={}", arguments.channels.address()?, encode_value(&start));
    let mut tail = Tail {
        connection: Connection::new(&arguments.target)?,
        address,
        last_id: None,
        printer: Printer { output: Output::stdout(), json: arguments.target.json, left: arguments.count },
    };
    tail.follow().await
}

fn start_text(start: Start) -> String {
    match start {
        Start::Earliest => "earliest".to_owned(),
        Start::Latest => "latest".to_owned(),
        Start::After(sequence) => sequence.to_string(),
        Start::At(position) => position.to_string(),
    }
}

struct Tail {
    connection: Connection,
    address: String,
    last_id: Option<String>,
    printer: Printer,
}

/// Says why a stream was left.
enum Left {
    /// The reader has seen enough.
    Enough,
    /// It ended or was cut; whether it had shown life.
    Cut { alive: bool, why: Refusal },
}

impl Tail {
    async fn follow(&mut self) -> Result<()> {
        let mut pauses = Pauses::new(self.connection.patience());
        loop {
            let (alive, why) = match self.follow_once().await? {
                Left::Enough => return Ok(()),
                Left::Cut { alive, why } => (alive, why),
            };
            if alive {
                pauses.begin_anew();
            }
            if !why.retryable || !pauses.wait().await {
                return Err(why.into());
            }
        }
    }

    /// Follows one connection until it ends.
    async fn follow_once(&mut self) -> Result<Left> {
        let mut call = Call::get(self.address.clone()).with("accept", "text/event-stream")?;
        if let Some(id) = &self.last_id {
            call = call.with("last-event-id", id)?;
        }
        match self.connection.open(&call).await {
            Ok(pieces) => self.read(pieces).await,
            Err(why) => Ok(Left::Cut { alive: false, why }),
        }
    }

    async fn read(&mut self, mut pieces: Pieces) -> Result<Left> {
        let mut parser = StreamParser::default();
        loop {
            let piece = match pieces.next().await {
                Ok(Some(piece)) => piece,
                Ok(None) => return Ok(Left::Cut { alive: true, why: pieces.ended() }),
                Err(why) => return Ok(Left::Cut { alive: true, why }),
            };
            let events = parser.take(&piece).map_err(Failure::failed)?;
            for event in events {
                if event.name == "error" {
                    let why = Refusal::told(event.data.as_bytes());
                    return Ok(Left::Cut { alive: false, why });
                }
                if !self.printer.print(&event)? {
                    return Ok(Left::Enough);
                }
                // At once, for whatever ends this connection must not repeat what was shown.
                self.last_id = event.id.or(self.last_id.take());
            }
            self.printer.output.flush()?;
            self.last_id = parser.last_id().map(str::to_owned).or(self.last_id.take());
        }
    }
}

struct Printer {
    output: Output,
    json: bool,
    left: Option<u64>,
}

impl Printer {
    /// Shows an event; `false` when it was the last one wanted.
    fn print(&mut self, event: &StreamEvent) -> Result<bool> {
        match event.name.as_str() {
            "gap" | "reset" => self.tell(event)?,
            "" | "message" => return self.show(&event.data),
            // What later versions may add.
            _ => {}
        }
        Ok(true)
    }

    fn show(&mut self, event: &str) -> Result<bool> {
        let line = if self.json { Some(event.to_owned()) } else { payload::line(event) };
        let line = line.ok_or_else(|| Failure::failed("the broker sent an event that is not understood"))?;
        self.output.push(line.as_bytes())?;
        self.output.push(b"\n")?;
        self.left = self.left.map(|left| left.saturating_sub(1));
        if self.left == Some(0) {
            self.output.flush()?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Tells what is no event but must be known.
    fn tell(&mut self, event: &StreamEvent) -> Result<()> {
        let what = match event.name.as_str() {
            "gap" => "events were removed before they could be read",
            _ => "the stream was begun anew; reading goes on with its oldest event",
        };
        // A closed stderr leaves nobody to tell.
        let _ = writeln!(std::io::stderr(), "weir: {}: {what}: {}", event.name, event.data);
        if self.json {
            self.output.line(&format!("{{\"{}\":{}}}", event.name, event.data))?;
        }
        Ok(())
    }
}
