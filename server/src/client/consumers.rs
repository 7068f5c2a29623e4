//! `weir consumers`: durable positions.

use super::Target;
use super::connection::{Call, Connection};
use super::selection::encode_value;
use crate::failure::{Failure, Result};
use crate::output::Output;
use bytes::Bytes;
use clap::{Args, Subcommand};
use eventweir::CursorName;
use http::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What `weir consumers` takes.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ConsumersArguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Without a command all consumers are listed.
    #[command(flatten)]
    list: Target,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List consumers by name, each with its position
    List(Target),
    /// Show a consumer
    Show(Named),
    /// Create a consumer, or move it
    Set(SetArguments),
    /// Remove a consumer
    Delete(Named),
}

#[derive(Args, Debug)]
struct Named {
    /// The consumer
    name: CursorName,
    #[command(flatten)]
    target: Target,
}

#[derive(Args, Debug)]
struct SetArguments {
    /// The consumer
    name: CursorName,
    /// Where to: a position, a sequence, earliest or latest
    after: String,
    /// Where it must be now; without this and --force it must not exist yet
    #[arg(long, value_name = "POSITION")]
    expect: Option<String>,
    /// Let it go back; without --expect, from wherever it is
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    target: Target,
}

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    consumers: Vec<&'a RawValue>,
    more: bool,
}

#[derive(Deserialize)]
struct Consumer {
    name: String,
    sequence: u64,
    moved: String,
}

/// Lists, shows, sets or deletes.
///
/// # Errors
/// When the broker refuses or cannot be reached.
pub(crate) async fn run(arguments: ConsumersArguments) -> Result<()> {
    match arguments.command {
        None => list(&arguments.list).await,
        Some(Command::List(target)) => list(&target).await,
        Some(Command::Show(named)) => {
            let call = Call::get(path(&named.name));
            show(&named.target, &Connection::new(&named.target)?.call(&call).await?)
        }
        Some(Command::Set(set)) => set.run().await,
        Some(Command::Delete(named)) => {
            let call = Call::new(Method::DELETE, path(&named.name));
            Connection::new(&named.target)?.call(&call).await?;
            Ok(())
        }
    }
}

async fn list(target: &Target) -> Result<()> {
    let connection = Connection::new(target)?;
    let mut output = Output::stdout();
    let mut after = String::new();
    loop {
        let body = connection.call(&Call::get(format!("/v1/consumers{after}"))).await?;
        let page: Listed<'_> = serde_json::from_slice(&body).map_err(not_understood)?;
        let mut last = None;
        for consumer in page.consumers {
            let view: Consumer = serde_json::from_str(consumer.get()).map_err(not_understood)?;
            let line = if target.json { consumer.get().to_owned() } else { view.line() };
            output.push(line.as_bytes())?;
            output.push(b"\n")?;
            last = Some(view.name);
        }
        output.flush()?;
        match last {
            Some(last) if page.more => after = format!("?after={}", encode_value(&last)),
            _ => return Ok(()),
        }
    }
}

impl SetArguments {
    async fn run(&self) -> Result<()> {
        let mut body = json!({ "after": place(&self.after), "force": self.force });
        if let Some(expect) = &self.expect {
            body["expect"] = place(expect);
        }
        let call = Call::new(Method::PUT, path(&self.name))
            .with("content-type", "application/json")?
            .with_body(body.to_string());
        show(&self.target, &Connection::new(&self.target)?.call(&call).await?)
    }
}

fn show(target: &Target, body: &Bytes) -> Result<()> {
    let mut output = Output::stdout();
    if target.json {
        return output.line(&String::from_utf8_lossy(body));
    }
    let consumer: Consumer = serde_json::from_slice(body).map_err(not_understood)?;
    output.line(&consumer.line())
}

impl Consumer {
    fn line(&self) -> String {
        format!("{}\t{}\t{}", self.name, self.sequence, self.moved)
    }
}

fn path(name: &CursorName) -> String {
    format!("/v1/consumers/{}", encode_value(name.as_str()).replace('/', "%2F"))
}

/// Numbers are sequences; anything else is for the broker to read.
fn place(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
}

fn not_understood(error: serde_json::Error) -> Failure {
    Failure::failed(format!("the broker's answer is not understood: {error}"))
}
