//! `weir publish`: one event, or one for each line.

mod data;
mod lines;

use super::Target;
use super::connection::{Call, Connection};
use super::selection::channel_path;
use crate::failure::{Failure, Result};
use crate::output::Output;
use clap::Args;
use data::Data;
use eventweir::EventId;
use http::Method;
use serde::Deserialize;

/// What `weir publish` takes.
#[derive(Args, Debug)]
pub(crate) struct PublishArguments {
    /// The channel
    channel: String,
    /// The data itself, @FILE, or - for stdin
    #[arg(default_value = "-")]
    data: String,
    /// The event's id: published again with the same id it stays one event. With --lines the ids are ID-1, ID-2, ...
    /// [default: a new one, used for every retry]
    #[arg(long)]
    id: Option<EventId>,
    /// What the data is [default: JSON or text where it is that, else bytes]
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Who publishes, so that readers can leave out their own events
    #[arg(long)]
    source: Option<String>,
    /// Publish only while this is the stream's last sequence
    #[arg(long, value_name = "SEQUENCE", conflicts_with_all = ["lines", "expect_channel_head"])]
    expect_head: Option<u64>,
    /// Publish only while this is the channel's last sequence
    #[arg(long, value_name = "SEQUENCE", conflicts_with = "lines")]
    expect_channel_head: Option<u64>,
    /// Publish each line as an event of its own, many at once
    #[arg(long)]
    lines: bool,
    #[command(flatten)]
    target: Target,
}

#[derive(Deserialize)]
struct Published {
    sequence: u64,
    duplicate: bool,
}

/// Publishes. What fails and may succeed is tried again with the same ids, so that nothing is published twice.
///
/// # Errors
/// When the data cannot be read, the broker refuses, or it cannot be reached for longer than patience lasts.
pub(crate) async fn run(arguments: PublishArguments) -> Result<()> {
    let connection = Connection::new(&arguments.target)?;
    let path = format!("/v1/events{}", channel_path(&arguments.channel)?);
    if arguments.lines {
        return lines::publish(&arguments, &connection, &path).await;
    }
    let body = connection.call(&arguments.call(path)?).await?;
    let mut output = Output::stdout();
    if arguments.target.json {
        return output.line(&String::from_utf8_lossy(&body));
    }
    let published: Published = serde_json::from_slice(&body)
        .map_err(|error| Failure::failed(format!("the broker's answer is not understood: {error}")))?;
    let again = if published.duplicate { ", where it was already" } else { "" };
    output.line(&format!("published at {}{again}", published.sequence))
}

impl PublishArguments {
    fn call(&self, path: String) -> Result<Call> {
        let data = Data::read(&self.data)?;
        let content_type = self.content_type.as_deref().unwrap_or_else(|| data.guess_type());
        let id = self.id.clone().unwrap_or_else(EventId::generate);
        let mut call = Call::new(Method::POST, path)
            .with("content-type", content_type)?
            .with("event-id", id.as_str())?;
        for (name, value) in
            [("expect-head", self.expect_head), ("expect-channel-head", self.expect_channel_head)]
        {
            if let Some(sequence) = value {
                call = call.with(name, &sequence.to_string())?;
            }
        }
        if let Some(source) = &self.source {
            call = call.with("event-source", source)?;
        }
        Ok(call.with_body(data.into_bytes()))
    }
}
