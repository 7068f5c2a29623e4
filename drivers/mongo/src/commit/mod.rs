//! Commits. One task for each stream: what waited while the last group was written is the next one.

mod decide;
mod group;
mod lookup;
mod write;

use crate::attended::attended;
use crate::core::Core;
use crate::document::most_bytes;
use crate::error::closed;
use crate::streams::StreamHandle;
use eventweir::{Commit, Effect, Error, ErrorKind, Receipt, Result, StreamName};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// So many commits of a stream may wait.
const QUEUE: usize = 4096;
/// So many KiB of commits may wait, of all streams together.
pub(crate) const QUEUE_KIB: usize = 64 << 10;
/// A document takes no more commits, events and bytes than this; one commit alone may be larger.
const GROUP: usize = 1024;
const GROUP_EVENTS: usize = 1024;
const GROUP_BYTES: usize = 2 << 20;
/// So often others have their turn before a group is closed. There is no timer.
const TURNS: usize = 16;

/// Takes commits of one stream. The task ends when this is dropped or closed, and carries out first what it took.
#[derive(Debug)]
pub(crate) struct Committer {
    queue: mpsc::Sender<Request>,
    task: JoinHandle<()>,
}

/// A commit that waits for its turn.
#[derive(Debug)]
struct Request {
    commit: Commit,
    /// At least as many bytes as it takes in a document.
    bytes: usize,
    reply: oneshot::Sender<Result<Receipt>>,
    /// When the caller is told that its fate is unknown, at the latest.
    deadline: Instant,
    _room: OwnedSemaphorePermit,
}

impl Committer {
    fn start(core: Arc<Core>, stream: Arc<StreamHandle>) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        Self { queue, task: tokio::spawn(run(core, stream, requests)) }
    }
}

/// Holds the tasks of all streams that were committed to; `None` once closed. Dropped, they carry out what they took, and end.
#[derive(Debug)]
pub(crate) struct Committers(Mutex<Option<HashMap<StreamName, Committer>>>);

impl Committers {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Some(HashMap::new())))
    }

    pub(crate) fn check_open(&self) -> Result<()> {
        if self.0.lock().is_some() { Ok(()) } else { Err(closed()) }
    }

    /// Sends a commit to its stream's task, and waits for the answer. Sent, it is carried out even when nobody waits any more.
    pub(crate) async fn commit(
        &self,
        core: &Arc<Core>,
        stream: &StreamName,
        commit: &Commit,
    ) -> Result<Receipt> {
        let bytes = size(commit);
        let kib = (bytes / 1024 + 1).min(QUEUE_KIB) as u32;
        let queue = self.queue(core, stream)?;
        let (reply, answer) = oneshot::channel();
        let (commit, room) = (commit.clone(), core.room.clone());
        let deadline = Instant::now() + core.commit_time;
        let request = move |room| Request { commit, bytes, reply, deadline, _room: room };
        match room.clone().try_acquire_many_owned(kib) {
            Ok(room) => send(queue, request(room)).await?,
            // The room is used by the task that waits for it, should nobody poll this.
            Err(_) => {
                let wait = async move {
                    let room = room.acquire_many_owned(kib).await.map_err(|_| closed())?;
                    queue.send(request(room)).await.map_err(|_| closed())
                };
                attended(wait).await?;
            }
        }
        // The task answers all that it took: no answer means that the runtime it ran on is gone.
        answer.await.map_err(|_| closed().with_effect(Effect::Unknown))?
    }

    fn queue(&self, core: &Arc<Core>, stream: &StreamName) -> Result<mpsc::Sender<Request>> {
        let mut committers = self.0.lock();
        let committers = committers.as_mut().ok_or_else(closed)?;
        if let Some(committer) = committers.get(stream) {
            return Ok(committer.queue.clone());
        }
        let committer = Committer::start(core.clone(), core.streams.handle(stream));
        let queue = committer.queue.clone();
        committers.insert(stream.clone(), committer);
        Ok(queue)
    }

    /// Ends all tasks, once they have carried out what they took. Nothing is taken any more.
    pub(crate) async fn close(&self) -> Result<()> {
        let committers = self.0.lock().take().unwrap_or_default();
        let tasks: Vec<_> = committers.into_values().map(|committer| committer.task).collect();
        for task in tasks {
            task.await.map_err(|error| {
                Error::new(ErrorKind::Internal, "a committing task ended early").with_source(error)
            })?;
        }
        Ok(())
    }
}

async fn send(queue: mpsc::Sender<Request>, request: Request) -> Result<()> {
    match queue.try_send(request) {
        Ok(()) => Ok(()),
        Err(TrySendError::Closed(_)) => Err(closed()),
        Err(TrySendError::Full(request)) => {
            attended(async move { queue.send(request).await.map_err(|_| closed()) }).await
        }
    }
}

/// Returns at least as many bytes as a commit takes in a document.
fn size(commit: &Commit) -> usize {
    let events: usize = commit.append.iter().map(|event| most_bytes(event) + 16).sum();
    let cursors: usize = commit.cursors.iter().map(|cursor| 2 * cursor.name.as_str().len() + 96).sum();
    let records: usize = commit
        .records
        .iter()
        .map(|record| 2 * record.key.as_str().len() + record.value.as_ref().map_or(0, |v| v.len()) + 96)
        .sum();
    let id = commit.id.as_ref().map_or(0, |id| 2 * id.as_str().len() + 64);
    events + cursors + records + id
}

/// Takes commits group by group, until nobody can send any more.
async fn run(core: Arc<Core>, stream: Arc<StreamHandle>, mut requests: mpsc::Receiver<Request>) {
    let mut held = None;
    loop {
        let first = match held.take() {
            Some(request) => request,
            None => match requests.recv().await {
                Some(request) => request,
                None => return,
            },
        };
        // Others that were answered together with the first one are about to send: they have their turn as long as they come.
        let mut waiting = 0;
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
            if requests.len() == waiting {
                break;
            }
            waiting = requests.len();
        }
        let (group, left) = gather(first, &mut requests);
        held = left;
        group::carry_out(&core, &stream, group).await;
    }
}

/// Takes what waits, as far as it fits. What does not fit any more is the first of the next group.
fn gather(first: Request, requests: &mut mpsc::Receiver<Request>) -> (Vec<Request>, Option<Request>) {
    let mut events = first.commit.append.len();
    let mut bytes = first.bytes;
    let mut group = vec![first];
    while group.len() < GROUP {
        let Ok(next) = requests.try_recv() else { break };
        events += next.commit.append.len();
        bytes += next.bytes;
        if events > GROUP_EVENTS || bytes > GROUP_BYTES {
            return (group, Some(next));
        }
        group.push(next);
    }
    (group, None)
}

/// Makes the room that commits may take while they wait.
pub(crate) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(QUEUE_KIB))
}

/// Says that a commit came too late in the queue to be tried.
fn late() -> Error {
    Error::new(ErrorKind::Unavailable, "the commits before this one took too long; it was not tried")
}
