//! The writer as the rest of the driver sees it.

use super::answer::{Command, Request};
use super::checkpoint::Checkpointer;
use super::group::Group;
use super::state::State;
use crate::attended::attended;
use crate::error::closed;
use eventweir::{Commit, Error, ErrorKind, Receipt, Result, StreamName};
use parking_lot::Mutex;
use rusqlite::Connection;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::{Semaphore, oneshot};

/// So many commands may wait.
const QUEUE: usize = 4096;
/// So many KiB of commits may wait.
const QUEUE_KIB: usize = 64 << 10;
/// A group takes no more commands than this, and no more bytes than this but for the last one.
const GROUP: usize = 1024;
const GROUP_BYTES: usize = 8 << 20;
/// So often the queue is looked at, some microseconds in all, before the thread sleeps.
const LOOKS: usize = 32;

/// Sends commands to the writing thread, which ends when this is dropped or told to.
#[derive(Debug)]
pub(crate) struct Writer {
    commands: mpsc::Sender<Command>,
    room: Arc<Semaphore>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, state: State, checkpointer: Checkpointer) -> Result<Self> {
        let (commands, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("eventweir-sqlite".to_owned())
            .spawn(move || run(connection, state, checkpointer, queue))
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "no thread can be started").with_source(error)
            })?;
        Ok(Self {
            commands,
            room: Arc::new(Semaphore::new(QUEUE_KIB)),
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    pub(crate) async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let size = commit.bytes() + 256 * commit.append.len();
        let kib = (size / 1024 + 1).min(QUEUE_KIB) as u32;
        let (what, room) = ((stream.clone(), commit.clone()), self.room.clone());
        match room.clone().try_acquire_many_owned(kib) {
            Ok(room) => self.ask(what, |request| Command::Commit(request, room)).await,
            // The room is used by the task that waits for it, should nobody poll this.
            Err(_) => {
                let (commands, (reply, answer)) = (self.commands.clone(), oneshot::channel());
                let send = async move {
                    let room = room.acquire_many_owned(kib).await.map_err(|_| closed())?;
                    let command = Command::Commit(Request { what, reply }, room);
                    commands.send(command).await.map_err(|_| closed())
                };
                attended(send).await??;
                answer.await.map_err(|_| closed())?
            }
        }
    }

    /// Asks, and waits for the answer. A command that was sent is carried out even when nobody waits any more.
    pub(crate) async fn ask<C, T>(
        &self,
        what: C,
        command: impl FnOnce(Request<C, T>) -> Command,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        match self.commands.try_send(command(Request { what, reply })) {
            Ok(()) => {}
            Err(TrySendError::Closed(_)) => return Err(closed()),
            Err(TrySendError::Full(command)) => {
                let commands = self.commands.clone();
                attended(async move { commands.send(command).await }).await?.map_err(|_| closed())?;
            }
        }
        // The thread answers all that it took, so no answer means that it took nothing more.
        answer.await.map_err(|_| closed())?
    }

    /// Carries out what was accepted, and ends.
    pub(crate) async fn close(&self) -> Result<()> {
        // A failure to send means that it has ended.
        let _ = self.commands.send(Command::Close).await;
        let thread = self.thread.clone();
        tokio::task::spawn_blocking(move || join(&thread))
            .await
            .map_err(|error| Error::new(ErrorKind::Internal, "closing was cut off").with_source(error))?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // With the last sender gone the thread finishes what it has. It is waited for, so that the file is free afterwards.
        let (nobody, _) = mpsc::channel(1);
        self.commands = nobody;
        if let Err(error) = join(&self.thread) {
            tracing::error!(%error, "the writing thread did not end well");
        }
    }
}

fn join(thread: &Mutex<Option<JoinHandle<()>>>) -> Result<()> {
    let mut thread = thread.lock();
    match thread.take().map(JoinHandle::join) {
        Some(Err(_)) => Err(Error::new(ErrorKind::Internal, "the writing thread ended early")),
        Some(Ok(())) | None => Ok(()),
    }
}

fn run(
    connection: Connection,
    mut state: State,
    mut checkpointer: Checkpointer,
    mut queue: mpsc::Receiver<Command>,
) {
    let (mut closing, mut alone) = (false, false);
    while !closing {
        let first = if state.purges() { queue.try_recv().ok() } else { receive(&mut queue, alone) };
        if first.is_none() && !state.purges() {
            break;
        }
        if first.is_none() && queue.is_closed() {
            // What is left of a deleted stream is removed after the next start.
            break;
        }
        let mut group = Group::new(&connection, &mut state);
        let (mut taken, mut bytes) = (0, 0);
        let mut next = first;
        while let Some(command) = next {
            if let Command::Close = command {
                closing = true;
                queue.close();
            } else {
                if group.leaves_out(&command) {
                    group.finish();
                    group = Group::new(&connection, &mut state);
                }
                bytes += size(&command);
                group.carry_out(command);
            }
            taken += 1;
            next = if taken < GROUP && bytes < GROUP_BYTES { queue.try_recv().ok() } else { None };
        }
        group.finish();
        alone = taken == 1;
        if closing {
            drain(&connection, &mut state, &mut queue);
        }
        checkpointer.after_commit(&connection);
    }
    checkpointer.finish(connection);
}

/// Takes the next command. A publisher who is alone sends the next one right after the answer: looking out for it a moment
/// before going to sleep spares both the time of being woken. Of many, more have come by the time that this thread is woken,
/// and share a sync.
fn receive(queue: &mut mpsc::Receiver<Command>, alone: bool) -> Option<Command> {
    for _ in 0..if alone { LOOKS } else { 0 } {
        match queue.try_recv() {
            Ok(command) => return Some(command),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => std::thread::yield_now(),
        }
    }
    queue.blocking_recv()
}

/// Carries out what was accepted before the queue was closed.
fn drain(connection: &Connection, state: &mut State, queue: &mut mpsc::Receiver<Command>) {
    while let Some(command) = queue.blocking_recv() {
        let mut group = Group::new(connection, state);
        group.carry_out(command);
        for _ in 1..GROUP {
            match queue.try_recv() {
                Ok(command) => group.carry_out(command),
                Err(_) => break,
            }
        }
        group.finish();
    }
}

fn size(command: &Command) -> usize {
    match command {
        Command::Commit(request, _) => request.what.1.bytes(),
        _ => 0,
    }
}
