//! Wake-ups from other processes: one change stream for all streams of a store.
//!
//! It is a hint. What it misses while it is interrupted, readers find by polling.

use crate::layout::LOG;
use eventweir::{Sequence, StreamName, WakeupHub};
use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::error::Result as MongoResult;
use mongodb::{Client, Database};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Between two tries to follow the log, at first and at most.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Follows the log once somebody wants to be woken, until it is closed or dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    /// `None` where there are no change streams. It has a pool of its own: a change stream holds its connection.
    database: Option<Database>,
    wakeups: Arc<WakeupHub>,
    running: Mutex<Running>,
}

#[derive(Debug)]
enum Running {
    NotYet,
    /// The task ends when the sender is dropped.
    Since(oneshot::Sender<()>, JoinHandle<()>),
    Closed,
}

impl Watch {
    pub(crate) fn new(client: Option<Client>, database: &str, wakeups: Arc<WakeupHub>) -> Self {
        let database = client.map(|client| client.database(database));
        Self { database, wakeups, running: Mutex::new(Running::NotYet) }
    }

    /// Returns whether other processes' commits are seen.
    pub(crate) fn reaches_everywhere(&self) -> bool {
        self.database.is_some()
    }

    /// Begins to follow the log, unless it is followed already.
    pub(crate) fn begin(&self) {
        let Some(database) = &self.database else { return };
        let mut running = self.running.lock();
        // A hint may be asked for outside of a runtime; nothing is followed then.
        if let (Running::NotYet, Ok(runtime)) = (&*running, tokio::runtime::Handle::try_current()) {
            let (stop, stopped) = oneshot::channel();
            let task = runtime.spawn(follow(database.clone(), self.wakeups.clone(), stopped));
            *running = Running::Since(stop, task);
        }
    }

    /// Stops following.
    pub(crate) async fn close(&self) {
        let before = std::mem::replace(&mut *self.running.lock(), Running::Closed);
        if let Running::Since(stop, task) = before {
            drop(stop);
            // It ends with a panic only when the client has a defect, and has nothing to finish.
            let _ = task.await;
        }
        if let Some(database) = &self.database {
            database.client().clone().shutdown().immediate(true).await;
        }
    }
}

async fn follow(database: Database, wakeups: Arc<WakeupHub>, mut stopped: oneshot::Receiver<()>) {
    let mut pause = PAUSE;
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            followed = listen(&database, &wakeups, &mut pause) => {
                if let Err(error) = followed {
                    tracing::debug!(%error, "the change stream was interrupted; readers poll meanwhile");
                }
            }
        }
        tokio::select! {
            _ = &mut stopped => return,
            () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

/// Passes on what the log tells, until it is interrupted. It begins with what comes from now on; what came before, while nobody
/// listened, is found by those who follow, who are told to look once.
async fn listen(database: &Database, wakeups: &WakeupHub, pause: &mut Duration) -> MongoResult<()> {
    let pipeline = [
        doc! { "$match": { "operationType": "insert" } },
        doc! { "$project": { "operationType": 1, "name": "$fullDocument.name", "head": "$fullDocument.head" } },
    ];
    let log = database.collection::<Document>(LOG);
    let mut changes = log.watch().pipeline(pipeline).await?.with_type::<Document>();
    wakeups.notify_all();
    while let Some(change) = changes.try_next().await? {
        *pause = PAUSE;
        let (Ok(name), Ok(head)) = (change.get_str("name"), change.get_i64("head")) else { continue };
        if let Ok(name) = StreamName::new(name) {
            wakeups.notify(&name, Sequence::from_i64(head));
        }
    }
    Ok(())
}
