//! What is sent for a call.

use super::connection::{Broken, Connection};
use bytes::Bytes;
use redis::{Cmd, Pipeline, Script, Value};
use tokio::time::{Duration, Instant};

/// What is asked of a server, in a form that can be sent again.
pub(super) enum Request {
    /// A script.
    Script(Cmd),
    /// A script, and then waiting until replicas have what it wrote.
    Waited { script: Cmd, wait: Cmd },
    /// Commands that are carried out at one moment.
    Atomic(Pipeline),
}

/// What came back.
pub(super) struct Answer {
    pub(super) value: Value,
    /// How many replicas had it in time, where that was asked.
    pub(super) replicas: Option<i64>,
}

impl Request {
    pub(super) fn script(script: &Script, keys: &[Vec<u8>], args: &[Bytes]) -> Self {
        Self::Script(invocation(script, keys, args))
    }

    pub(super) fn waited(
        script: &Script,
        keys: &[Vec<u8>],
        args: &[Bytes],
        replicas: u32,
        patience: Duration,
    ) -> Self {
        let mut wait = redis::cmd("WAIT");
        wait.arg(replicas).arg(u64::try_from(patience.as_millis()).unwrap_or(u64::MAX).max(1));
        Self::Waited { script: invocation(script, keys, args), wait }
    }

    pub(super) fn atomic(mut commands: Pipeline) -> Self {
        commands.atomic();
        Self::Atomic(commands)
    }

    /// Sends it. `asking` tells a node that it is asked for a slot that is on its way to it.
    pub(super) async fn send(
        &self,
        connection: &Connection,
        asking: bool,
        until: Instant,
    ) -> Result<Answer, Broken> {
        match self {
            Self::Script(script) if !asking => {
                connection.ask(script, until).await.map(|value| Answer { value, replicas: None })
            }
            Self::Script(script) => {
                let commands = together([&redis::cmd("ASKING"), script]);
                let mut answers = connection.ask_all(&commands, 1, 1, until).await?;
                Ok(Answer { value: answers.pop().unwrap_or_default(), replicas: None })
            }
            Self::Waited { script, wait } => {
                let asking = asking.then(|| redis::cmd("ASKING"));
                let commands = together(asking.iter().chain([script, wait]));
                let skip = usize::from(asking.is_some());
                let mut answers = connection.ask_all(&commands, skip, 2, until).await?;
                let replicas = match answers.pop() {
                    Some(Value::Int(replicas)) if !answers.is_empty() => Some(replicas),
                    // Refused, or the only answer.
                    Some(other) if answers.is_empty() => return Ok(Answer { value: other, replicas: None }),
                    _ => Some(0),
                };
                Ok(Answer { value: answers.pop().unwrap_or_default(), replicas })
            }
            Self::Atomic(commands) if !asking => {
                let answers = connection.ask_all(commands, commands.len() + 1, 1, until).await?;
                Ok(Answer { value: outcome(answers), replicas: None })
            }
            Self::Atomic(commands) => {
                let (multi, exec) = (redis::cmd("MULTI"), redis::cmd("EXEC"));
                let asking = redis::cmd("ASKING");
                let each = [&asking, &multi].into_iter().chain(commands.cmd_iter()).chain([&exec]);
                let together = together(each);
                let answers = connection.ask_all(&together, 2, commands.len() + 1, until).await?;
                Ok(Answer { value: outcome(answers), replicas: None })
            }
        }
    }

    /// Returns the answers of commands that were carried out at one moment.
    pub(super) fn answers(value: Value) -> Vec<Value> {
        match value {
            Value::Array(answers) => answers,
            other => vec![other],
        }
    }
}

fn invocation(script: &Script, keys: &[Vec<u8>], args: &[Bytes]) -> Cmd {
    let bytes = keys.iter().map(Vec::len).chain(args.iter().map(Bytes::len)).sum::<usize>();
    let mut command = Cmd::with_capacity(keys.len() + args.len() + 3, bytes + 64);
    command.arg("EVALSHA").arg(script.get_hash()).arg(keys.len());
    for key in keys {
        command.arg(&key[..]);
    }
    for arg in args {
        command.arg(&arg[..]);
    }
    command
}

fn together<'a>(commands: impl IntoIterator<Item = &'a Cmd>) -> Pipeline {
    let mut pipeline = redis::pipe();
    for command in commands {
        pipeline.add_command(command.clone());
    }
    pipeline
}

/// The first refusal says why nothing was carried out; else the last answer holds all others.
fn outcome(mut answers: Vec<Value>) -> Value {
    let refused = answers.iter().position(|answer| matches!(answer, Value::ServerError(_)));
    match refused {
        Some(refused) => answers.swap_remove(refused),
        None => match answers.pop().unwrap_or_default() {
            Value::Array(mut each) => {
                match each.iter().position(|one| matches!(one, Value::ServerError(_))) {
                    Some(refused) => each.swap_remove(refused),
                    None => Value::Array(each),
                }
            }
            other => other,
        },
    }
}
