//! One transaction for all that waited.

use super::answer::{Answer, Command};
use super::commit::Statements;
use super::state::{Failure, State};
use crate::error::{Phase, map};
use eventweir::{Effect, Error, Result};
use rusqlite::{Connection, ErrorCode};

/// A transaction in the making. It begins with its first command.
pub(super) struct Group<'a> {
    connection: &'a Connection,
    state: &'a mut State,
    statements: Option<Statements<'a>>,
    answers: Vec<Answer>,
    broken: Option<rusqlite::Error>,
    /// Whether its commands make room. `None` before the first one.
    makes_room: Option<bool>,
}

impl<'a> Group<'a> {
    pub(super) fn new(connection: &'a Connection, state: &'a mut State) -> Self {
        let mut group =
            Self { connection, state, statements: None, answers: Vec::new(), broken: None, makes_room: None };
        group.broken = group.begin().err();
        group
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("begin immediate")?.raw_execute()?;
        self.statements = Some(Statements::prepare(self.connection)?);
        Ok(())
    }

    /// Returns whether a command belongs to another transaction: while there is no room, what makes some must not fail together
    /// with commits that find none, or as long as publishers insist nothing would ever be removed.
    pub(super) fn leaves_out(&self, command: &Command) -> bool {
        self.state.full && self.makes_room.is_some_and(|makes_room| makes_room != command.makes_room())
    }

    /// Carries a command out inside the transaction. Its answer waits until that is durable: a refusal too, since it may rest
    /// on what others of the group did.
    pub(super) fn carry_out(&mut self, command: Command) {
        let (connection, broken) = (self.connection, &mut self.broken);
        let state = &mut *self.state;
        self.makes_room = Some(self.makes_room.unwrap_or(true) && command.makes_room());
        let answer = match command {
            Command::Commit(request, room) => {
                let (stream, commit) = &request.what;
                let result = attempt(broken, || match &mut self.statements {
                    Some(statements) => state.commit(connection, statements, stream, commit),
                    None => Err(Failure::Broken(rusqlite::Error::InvalidQuery)),
                });
                Answer::Receipt(request.reply, result, room)
            }
            Command::Ensure(request) => {
                let result = attempt(broken, || Ok(state.stream(connection, &request.what)?.view.clone()));
                Answer::View(request.reply, result)
            }
            Command::Trim(request) => {
                let (stream, retention, now, most) = &request.what;
                let result = attempt(broken, || state.trim(connection, stream, retention, *now, *most));
                Answer::Step(request.reply, result)
            }
            Command::Fade(request) => {
                let result = attempt(broken, || state.fade(connection, &request.what));
                Answer::Step(request.reply, result)
            }
            Command::DeleteChannel(request) => {
                let (stream, channel, upto) = &request.what;
                let result = attempt(broken, || state.delete_channel(connection, stream, channel, *upto));
                Answer::Step(request.reply, result)
            }
            Command::DeleteStream(request) => {
                let result = attempt(broken, || state.delete_stream(connection, &request.what));
                Answer::Done(request.reply, result)
            }
            Command::Close => return,
        };
        self.answers.push(answer);
    }

    /// Makes everything durable and visible, and answers.
    pub(super) fn finish(mut self) {
        drop(self.statements.take());
        let end = match self.broken.take() {
            Some(error) => Err((error, Phase::Work)),
            None => self.write_back().map_err(|error| (error, Phase::Work)).and_then(|()| self.commit()),
        };
        match end {
            Ok(()) => {
                self.state.full &= self.makes_room != Some(false);
                self.state.committed();
                self.answers.into_iter().for_each(Answer::send);
            }
            Err((error, phase)) => self.fail(&error, phase),
        }
    }

    fn write_back(&mut self) -> rusqlite::Result<()> {
        self.state.purge(self.connection)?;
        for stream in self.state.streams.values_mut() {
            stream.publish();
        }
        self.state.flush(self.connection)?;
        for stream in self.state.streams.values().filter(|stream| stream.touched) {
            stream.row.update(self.connection)?;
        }
        Ok(())
    }

    fn commit(&self) -> Result<(), (rusqlite::Error, Phase)> {
        let commit =
            self.connection.prepare_cached("commit").map_err(|error| (error, Phase::Work))?.raw_execute();
        commit.map(drop).map_err(|error| (error, Phase::Commit))
    }

    fn fail(self, error: &rusqlite::Error, phase: Phase) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("rollback")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        self.state.full |= error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        self.state.rolled_back(self.connection);
        let told = map(error, phase);
        tracing::warn!(%error, commands = self.answers.len(), "a transaction failed");
        for answer in self.answers {
            answer.fail(copy(&told, error));
        }
    }
}

/// Runs one command, unless the group is broken already.
fn attempt<T>(broken: &mut Option<rusqlite::Error>, run: impl FnOnce() -> Result<T, Failure>) -> Result<T> {
    if let Some(error) = broken {
        return Err(map(error, Phase::Work));
    }
    run().map_err(|failure| match failure {
        Failure::Refused(error) => error,
        Failure::Broken(error) => {
            let told = map(&error, Phase::Work);
            *broken = Some(error);
            told
        }
    })
}

/// One error for each who waits.
fn copy(told: &Error, source: &rusqlite::Error) -> Error {
    let effect: Effect = told.effect();
    Error::new(told.kind(), told.message().to_owned())
        .with_retryable(told.is_retryable())
        .with_effect(effect)
        .with_source(source.to_string())
}
