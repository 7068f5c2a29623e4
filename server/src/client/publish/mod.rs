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
    let published = match arguments.expectation() {
        None => connection.call(&arguments.call(path)?).await?.to_vec(),
        Some((name, sequence)) => {
            let call = arguments.call_as_batch(path)?.with(name, &sequence.to_string())?;
            lines::only_event(&connection.call(&call).await?)?
        }
    };
    show(&arguments.target, &published)
}

fn show(target: &Target, body: &[u8]) -> Result<()> {
    let mut output = Output::stdout();
    if target.json {
        return output.line(&String::from_utf8_lossy(body));
    }
    let published: Published = serde_json::from_slice(body).map_err(not_understood)?;
    let again = if published.duplicate { ", where it was already" } else { "" };
    output.line(&format!("published at {}{again}", published.sequence))
}

fn not_understood(error: serde_json::Error) -> Failure {
    Failure::failed(format!("the broker's answer is not understood: {error}"))
}

impl PublishArguments {
    fn call(&self, path: String) -> Result<Call> {
        let data = Data::read(&self.data)?;
        let content_type = self.content_type.as_deref().unwrap_or_else(|| data.guess_type());
        let id = self.id.clone().unwrap_or_else(EventId::generate);
        let mut call = Call::new(Method::POST, path)
            .with("content-type", content_type)?
            .with("event-id", id.as_str())?;
        if let Some(source) = &self.source {
            call = call.with("event-source", source)?;
        }
        Ok(call.with_body(data.into_bytes()))
    }

    /// Makes a batch of the one event. Its key is then that of the whole commit, which is recognised before the expectation is
    /// looked at: a repetition, after an answer that was lost, does not fail for what the first try has changed itself.
    fn call_as_batch(&self, path: String) -> Result<Call> {
        let data = Data::read(&self.data)?;
        let id = self.id.clone().unwrap_or_else(EventId::generate);
        let line = lines::EventWriter::new(self)?.event(&id, &data);
        let call = Call::new(Method::POST, path)
            .with("content-type", "application/x-ndjson")?
            .with("idempotency-key", id.as_str())?;
        Ok(call.with_body(line))
    }

    fn expectation(&self) -> Option<(&'static str, u64)> {
        let head = self.expect_head.map(|sequence| ("expect-head", sequence));
        head.or(self.expect_channel_head.map(|sequence| ("expect-channel-head", sequence)))
    }
}
