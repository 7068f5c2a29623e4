//! Groups the commits that wait.
//!
//! There is no timer: what came while calls were on their way is the next group. A few calls are on their way at once, so
//! that Redis has the next one when it is done with one.

use super::group;
use super::plan::Plan;
use crate::codec::{damaged, reply};
use crate::scripts;
use crate::storage::Inner;
use crate::streams::Handle;
use eventweir::{Effect, Error, ErrorKind, Result};
use parking_lot::Mutex;
use redis::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

/// Calls of a stream that are on their way at once.
const CALLS: usize = 2;
/// A call carries at most this many events and bytes, unless one commit has more.
const GROUP_EVENTS: usize = 256;
const GROUP_BYTES: usize = 1 << 20;
/// What waits for a stream takes at most 64 MiB; a small commit counts as 16 KiB, so that 4,096 wait at most.
const UNIT: usize = 1 << 10;
const ROOM: usize = 64 << 10;
const LEAST_UNITS: usize = 16;
/// A stream that is deleted again and again while a commit tries to reach it.
const ATTEMPTS: usize = 16;

/// The commits of a stream that wait for their call.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    room: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    calls: usize,
}

#[derive(Debug)]
struct Waiting {
    plan: Plan,
    answer: oneshot::Sender<Result<Vec<u8>>>,
    /// Given back with the answer.
    _room: OwnedSemaphorePermit,
}

/// Counts the tasks that carry commits, so that closing waits for them.
#[derive(Debug, Default)]
pub(crate) struct Tasks(watch::Sender<usize>);

struct Running<'a>(&'a Tasks);

impl Tasks {
    fn begin(&self) {
        self.0.send_modify(|running| *running += 1);
    }

    pub(crate) async fn finished(&self) {
        // The sender is here, so that waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|running| *running == 0).await;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|running| *running -= 1);
    }
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::default(), room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// Takes what goes into one call. `None`: nothing waits, and this call's place is given back.
    fn take(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state.lock();
        let (mut group, mut events, mut bytes) = (Vec::new(), 0, 0);
        while let Some(next) = state.waiting.front() {
            events += next.plan.events.len().max(1);
            bytes += next.plan.bytes;
            if !group.is_empty() && (events > GROUP_EVENTS || bytes > GROUP_BYTES) {
                break;
            }
            // Nobody waits for it any more, and it has not begun: it does not happen.
            group.extend(state.waiting.pop_front().filter(|next| !next.answer.is_closed()));
        }
        if group.is_empty() {
            state.calls -= 1;
            return None;
        }
        Some(group)
    }
}

/// Hands a commit over and waits for the script's answer.
pub(crate) async fn submit(inner: &Arc<Inner>, handle: &Arc<Handle>, plan: Plan) -> Result<Vec<u8>> {
    let units = plan.bytes.div_ceil(UNIT).clamp(LEAST_UNITS, ROOM) as u32;
    let room = handle.queue.room.clone().acquire_many_owned(units).await;
    let room = room.map_err(|_| Error::new(ErrorKind::Internal, "the queue of commits is gone"))?;
    let (answer, answered) = oneshot::channel();
    let begins = {
        let mut state = handle.queue.state.lock();
        state.waiting.push_back(Waiting { plan, answer, _room: room });
        let begins = state.calls < CALLS;
        state.calls += usize::from(begins);
        begins
    };
    if begins {
        inner.tasks.begin();
        tokio::spawn(carry(inner.clone(), handle.clone()));
    }
    let lost = || {
        Error::new(ErrorKind::Internal, "a commit was left without an answer").with_effect(Effect::Unknown)
    };
    answered.await.map_err(|_| lost())?
}

/// Carries groups until nothing waits.
async fn carry(inner: Arc<Inner>, handle: Arc<Handle>) {
    let _running = Running(&inner.tasks);
    loop {
        // Publishers that were just answered come with their next: one group is cheaper than two.
        tokio::task::yield_now().await;
        let Some(group) = handle.queue.take() else { return };
        let plans: Vec<&Plan> = group.iter().map(|waiting| &waiting.plan).collect();
        let answers = send(&inner, &handle, &plans).await;
        drop(plans);
        deliver(group, answers);
    }
}

async fn send(inner: &Inner, handle: &Handle, plans: &[&Plan]) -> Result<Vec<Value>> {
    for _ in 0..ATTEMPTS {
        let place = inner.place(handle).await?;
        let call = group::call(handle, &place, plans, inner.link.publishes(), inner.link.waits());
        match inner.link.commit(&scripts::COMMIT, &call.keys, &call.args).await? {
            Value::Array(answers) if answers.len() == plans.len() => return Ok(answers),
            // It was deleted, or begun anew by someone else.
            Value::BulkString(gone) if gone == b"gone" => handle.forget(&place),
            _ => return Err(damaged("an answer to a commit").with_effect(Effect::Unknown)),
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "the stream is deleted again and again"))
}

/// Gives each commit its answer. Who has gone needs none.
fn deliver(group: Vec<Waiting>, answers: Result<Vec<Value>>) {
    match answers {
        Ok(answers) => {
            for (waiting, answer) in group.into_iter().zip(answers) {
                let _ = waiting.answer.send(reply::bytes(answer).map_err(|e| e.with_effect(Effect::Unknown)));
            }
        }
        Err(error) => {
            for waiting in group {
                let _ = waiting.answer.send(Err(same(&error)));
            }
        }
    }
}

/// One error for everyone in the group.
fn same(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.message().to_owned())
        .with_effect(error.effect())
        .with_retryable(error.is_retryable());
    match error.operation() {
        Some(operation) => copy.with_operation(operation),
        None => copy,
    }
}
