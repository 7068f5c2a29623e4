//! What is examined: a store, or a running broker.

use super::arguments::{Target, Wanted};
use super::place::{Place, UrlHarness};
use crate::config::masked_url;
use crate::failure::{Failure, Result, with_causes};
use eventweir::Storage;
use eventweir_conformance::{Level, Subject};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A store that can be opened, or a broker that answers.
pub(super) enum Examined {
    Store(Arc<Place>),
}

impl Examined {
    /// Looks whether it is there, before anything is written to it.
    ///
    /// # Errors
    /// When it cannot be examined; the user has to mend that.
    pub(super) fn open(wanted: &Wanted) -> Result<Self> {
        match &wanted.examined {
            Some(Target::Storage(url)) => {
                let place = Place::new(url.clone());
                on_a_runtime(look(&place))?;
                Ok(Self::Store(place))
            }
            Some(Target::Broker(_)) | None => Err(Failure::usage("a running broker cannot be examined yet")),
        }
    }

    /// Returns the subjects of the levels that are wanted.
    pub(super) fn subjects(&self, wanted: &Wanted) -> Vec<Subject> {
        let Self::Store(place) = self;
        let scheme = place.url().split(':').next().unwrap_or_default().to_owned();
        let subject = |level: &Level| {
            let harness = UrlHarness::new(place.clone());
            let subject = match level {
                Level::Storage => Subject::storage(harness).with_child(child),
                Level::Broker => Subject::broker(harness),
                Level::Brokers => Subject::brokers(harness),
                _ => return None,
            };
            Some(subject.named(scheme.clone()))
        };
        wanted.levels.iter().filter_map(subject).collect()
    }

    /// Returns the command that examines the same again, without anything secret.
    pub(super) fn command(&self) -> String {
        let Self::Store(place) = self;
        format!("weir conformance --storage '{}'", masked_url(place.url()))
    }

    /// Removes what is left of the run.
    ///
    /// # Errors
    /// When something cannot be removed; it is named.
    pub(super) fn leave(&self) -> Result<()> {
        let Self::Store(place) = self;
        let swept = on_a_runtime(async {
            let swept = tokio::time::timeout(PATIENCE, place.sweep()).await;
            Ok(swept.map_err(|_| late("be tidied up"))?.map_err(Failure::from))
        })?;
        swept.map_err(|failure| Failure::failed(format!("what the run made is not removed: {failure}")))
    }
}

/// Makes the process that the suite kills: this program again, which is told the place by the suite.
fn child(_place: &str) -> Command {
    // Without its own path it can only be the one that the user would start.
    let program = std::env::current_exe().unwrap_or_else(|_| "weir".into());
    let mut command = Command::new(program);
    command.args(["conformance", "--child"]);
    command
}

/// Opens the store once, and lets go of it.
async fn look(place: &Arc<Place>) -> Result<()> {
    let refused = |error: &eventweir::Error| Failure::usage(format!("--storage: {}", with_causes(error)));
    let opened = tokio::time::timeout(PATIENCE, place.store()).await.map_err(|_| late("be opened"))?;
    let store = opened.map_err(|error| refused(&error))?;
    let closed = tokio::time::timeout(PATIENCE, store.close()).await.map_err(|_| late("be closed"))?;
    place.forget(&store);
    closed.map_err(|error| refused(&error))
}

fn late(what: &str) -> Failure {
    Failure::usage(format!("--storage: the store cannot {what} in {} seconds", PATIENCE.as_secs()))
}

/// Runs what a command does beside the suite, which has runtimes of its own.
fn on_a_runtime<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format!("the runtime cannot start: {error}")))?;
    let done = runtime.block_on(work);
    // A driver that blocks must not keep the command from ending.
    runtime.shutdown_background();
    done
}

/// Opening a store with a long log takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);
