//! `weir channels`: which there are, how many, and letting go of one.

use super::Target;
use super::connection::{Call, Connection};
use super::selection::{channel_path, encode_value};
use crate::failure::{Failure, Result};
use crate::output::Output;
use clap::{Args, Subcommand};
use eventweir::Scope;
use http::Method;
use serde::{Deserialize, Serialize};

/// What `weir channels` takes.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ChannelsArguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Without a command all channels are listed.
    #[command(flatten)]
    list: Selected,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List channels that have events, by name
    List(Selected),
    /// Count channels, and their events
    Count(Selected),
    /// Remove every event of a channel; its readers are told
    Delete(Deleted),
}

#[derive(Args, Debug)]
struct Selected {
    /// Only these: channels, patterns such as /orders/*, or subtree:/orders
    #[arg(value_name = "CHANNEL")]
    channels: Vec<Scope>,
    #[command(flatten)]
    target: Target,
}

#[derive(Args, Debug)]
struct Deleted {
    /// The channel
    channel: String,
    #[command(flatten)]
    target: Target,
}

#[derive(Deserialize)]
struct Listed {
    channels: Vec<Channel>,
    more: bool,
}

#[derive(Deserialize, Serialize)]
struct Channel {
    name: String,
    events: u64,
    first: u64,
    last: u64,
}

/// Lists, counts or deletes.
///
/// # Errors
/// When the broker refuses or cannot be reached.
pub(crate) async fn run(arguments: ChannelsArguments) -> Result<()> {
    match arguments.command {
        None => list(&arguments.list).await,
        Some(Command::List(selected)) => list(&selected).await,
        Some(Command::Count(selected)) => count(&selected).await,
        Some(Command::Delete(deleted)) => delete(&deleted).await,
    }
}

async fn list(selected: &Selected) -> Result<()> {
    let mut output = Output::stdout();
    let json = selected.target.json;
    walk(selected, |channels| {
        for channel in channels {
            let line = if json {
                to_json(channel)?
            } else {
                format!("{}\t{}\t{}-{}", channel.name, channel.events, channel.first, channel.last)
            };
            output.push(line.as_bytes())?;
            output.push(b"\n")?;
        }
        output.flush()
    })
    .await
}

async fn count(selected: &Selected) -> Result<()> {
    let (mut channels, mut events) = (0, 0);
    walk(selected, |page| {
        channels += page.len();
        events += page.iter().map(|channel| channel.events).sum::<u64>();
        Ok(())
    })
    .await?;
    let mut output = Output::stdout();
    if selected.target.json {
        output.line(&format!("{{\"channels\":{channels},\"events\":{events}}}"))
    } else {
        output.line(&format!("{channels} channels, {events} events"))
    }
}

/// Goes through all pages of the list.
async fn walk(selected: &Selected, mut take: impl FnMut(&[Channel]) -> Result<()>) -> Result<()> {
    let connection = Connection::new(&selected.target)?;
    let scopes: String = selected
        .channels
        .iter()
        .map(|scope| format!("channel={}&", encode_value(&scope.to_string())))
        .collect();
    let mut after = String::new();
    loop {
        let body = connection.call(&Call::get(format!("/v1/channels?{scopes}{after}"))).await?;
        let page: Listed = serde_json::from_slice(&body).map_err(|error| {
            Failure::failed(format!("the broker sent a list that is not understood: {error}"))
        })?;
        take(&page.channels)?;
        match page.channels.last() {
            Some(last) if page.more => after = format!("after={}", encode_value(&last.name)),
            _ => return Ok(()),
        }
    }
}

async fn delete(deleted: &Deleted) -> Result<()> {
    let connection = Connection::new(&deleted.target)?;
    let path = format!("/v1/channels{}", channel_path(&deleted.channel)?);
    let body = connection.call(&Call::new(Method::DELETE, path)).await?;
    let text = String::from_utf8_lossy(&body);
    let mut output = Output::stdout();
    if deleted.target.json {
        return output.line(&text);
    }
    let removed = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|answer| answer.get("removed")?.as_u64());
    output.line(&format!("{} events removed", removed.map_or("all".to_owned(), |count| count.to_string())))
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Failure::failed(format!("the list cannot be shown: {error}")))
}
