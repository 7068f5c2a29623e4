//! `weir read`: pages of channels.

use super::connection::{Call, Connection};
use super::selection::{Channels, encode_value};
use super::{Target, payload};
use crate::failure::{Failure, Result};
use crate::output::Output;
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::Write;

/// What `weir read` takes.
#[derive(Args, Debug)]
pub(crate) struct ReadArguments {
    #[command(flatten)]
    channels: Channels,
    /// Start after this position or sequence [default: the oldest event]
    #[arg(long, value_name = "POSITION")]
    after: Option<String>,
    /// Greatest number of events in a page
    #[arg(long, value_name = "EVENTS")]
    limit: Option<usize>,
    /// Newest first
    #[arg(long)]
    desc: bool,
    /// Read page after page until there is no more
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    target: Target,
}

/// The parts of a page that matter here.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
    position: String,
    more: bool,
    until: Option<u64>,
    #[serde(borrow)]
    gap: Option<&'a RawValue>,
    #[serde(borrow)]
    reset: Option<&'a RawValue>,
}

/// Says where the next page is.
struct Onward {
    after: Option<String>,
    until: Option<u64>,
}

/// Reads a page, or all of them. Text shows an event in each line, and on stderr where to go on; JSON shows pages as the
/// broker sent them, one in each line.
///
/// # Errors
/// When the broker refuses or cannot be reached.
pub(crate) async fn run(arguments: ReadArguments) -> Result<()> {
    let connection = Connection::new(&arguments.target)?;
    let address = arguments.address()?;
    let mut output = Output::stdout();
    let mut next = Onward { after: arguments.after.clone(), until: None };
    loop {
        let body = connection.call(&Call::get(next.address(&address))).await?;
        let text = std::str::from_utf8(&body).map_err(|error| not_a_page(&error))?;
        let page: Page<'_> = serde_json::from_str(text).map_err(|error| not_a_page(&error))?;
        if arguments.target.json {
            output.line(text)?
        } else {
            show(&mut output, &page)?
        }
        if !page.more || !arguments.all {
            if !arguments.target.json {
                tell(&format!(
                    "position {}{}",
                    page.position,
                    if page.more { ", there is more" } else { "" }
                ));
            }
            return Ok(());
        }
        next.move_on(&page, arguments.desc);
    }
}

impl ReadArguments {
    fn address(&self) -> Result<String> {
        let mut address = self.channels.address()?;
        if let Some(limit) = self.limit {
            address.push_str(&format!("&limit={limit}"));
        }
        if self.desc {
            address.push_str("&order=desc");
        }
        Ok(address)
    }
}

impl Onward {
    fn address(&self, base: &str) -> String {
        let after = self.after.as_ref().map(|after| format!("&after={}", encode_value(after)));
        let until = self.until.map(|until| format!("&until={until}"));
        format!("{base}{}{}", after.unwrap_or_default(), until.unwrap_or_default())
    }

    /// Upwards a page says the position to go on from; downwards, what is still below it.
    fn move_on(&mut self, page: &Page<'_>, desc: bool) {
        if desc {
            self.until = page.until;
        } else {
            self.after = Some(page.position.clone());
        }
    }
}

fn show(output: &mut Output, page: &Page<'_>) -> Result<()> {
    if let Some(reset) = page.reset {
        tell(&format!("reset: the stream was begun anew: {reset}"));
    }
    if let Some(gap) = page.gap {
        tell(&format!("gap: events were removed before they could be read: {gap}"));
    }
    for event in &page.events {
        let line = payload::line(event.get()).ok_or_else(|| not_a_page(&"an event is not understood"))?;
        output.push(line.as_bytes())?;
        output.push(b"\n")?;
    }
    output.flush()
}

fn tell(what: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "weir: {what}");
}

fn not_a_page(why: &dyn std::fmt::Display) -> Failure {
    Failure::failed(format!("the broker sent a page that is not understood: {why}"))
}
