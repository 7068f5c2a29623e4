//! What is examined: a store, or a running broker.

use super::arguments::{Target, Wanted};
use super::on_a_runtime;
use super::place::{Place, UrlHarness};
use super::remote::Remote;
use super::served::WeirHost;
use crate::config::masked_url;
use crate::failure::{Failure, Result, with_causes};
use eventweir_conformance::{Level, Subject, clients};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A store that can be opened, or a broker that answers.
pub(super) enum Examined {
    Store(Arc<Place>),
    /// One that runs, or several over one store.
    Brokers(Vec<Remote>),
}

impl Examined {
    /// Looks whether it is there and can be used.
    ///
    /// # Errors
    /// When it cannot be examined; the user has to mend that.
    pub(super) fn open(wanted: &Target) -> Result<Self> {
        match wanted {
            Target::Storage(url) => {
                let place = Place::new(url.clone());
                on_a_runtime(look(&place))?;
                Ok(Self::Store(place))
            }
            Target::Brokers(targets) => {
                let remotes: Vec<_> = targets.iter().map(Remote::new).collect::<Result<_>>()?;
                on_a_runtime(async {
                    for remote in &remotes {
                        remote.look().await?;
                    }
                    Ok(())
                })?;
                Ok(Self::Brokers(remotes))
            }
        }
    }

    /// Returns the subjects of the levels that are wanted.
    pub(super) fn subjects(&self, wanted: &Wanted) -> Vec<Subject> {
        match self {
            Self::Store(place) => wanted.levels.iter().flat_map(|level| of_store(place, *level)).collect(),
            Self::Brokers(remotes) => {
                let subject = |protocol| match &remotes[..] {
                    [remote] => {
                        let remote = remote.clone();
                        Subject::wire(move || remote.clone(), protocol)
                    }
                    several => {
                        let several = several.to_vec();
                        Subject::wires(move || several.clone(), protocol)
                    }
                };
                clients::all().into_iter().map(subject).collect()
            }
        }
    }

    /// Returns the command that examines the same again, without anything secret.
    pub(super) fn command(&self) -> String {
        let (flag, urls) = match self {
            Self::Store(place) => ("--storage", vec![place.url()]),
            Self::Brokers(remotes) => ("--url", remotes.iter().map(Remote::url).collect()),
        };
        let named: String = urls.iter().map(|url| format!(" {flag} '{}'", masked_url(url))).collect();
        format!("weir conformance{named}")
    }

    /// Removes what is left of the run.
    ///
    /// # Errors
    /// When something cannot be removed; it is named.
    pub(super) fn leave(&self) -> Result<()> {
        match self {
            Self::Brokers(remotes) => on_a_runtime(async {
                let mut swept = Ok(());
                for remote in remotes {
                    swept = swept.and(remote.sweep().await);
                }
                swept
            }),
            Self::Store(place) => on_a_runtime(async {
                let swept = tokio::time::timeout(PATIENCE, place.sweep()).await;
                let swept = swept.map_err(|_| "the store does not answer".to_owned());
                let swept = swept.and_then(|swept| swept.map_err(|error| with_causes(&error)));
                swept.map_err(|why| Failure::failed(format!("what the run made is not removed: {why}")))
            }),
        }
    }
}

fn of_store(place: &Arc<Place>, level: Level) -> Vec<Subject> {
    let harness = UrlHarness::new(place.clone());
    let subject = match level {
        Level::Storage => Subject::storage(harness).with_child(child),
        Level::Broker => Subject::broker(harness),
        Level::Brokers => Subject::brokers(harness),
        Level::Wires if !place.is_for_many() => {
            Subject::skipped(level, "one process at a time writes to its store")
        }
        Level::Wires => {
            let hosted = |protocol| {
                let place = place.clone();
                Subject::wires(move || WeirHost::three(&place), protocol)
            };
            return clients::all().into_iter().map(hosted).collect();
        }
        _ => {
            let hosted = |protocol| {
                let place = place.clone();
                Subject::wire(move || WeirHost::new(place.clone()), protocol)
            };
            return clients::all().into_iter().map(hosted).collect();
        }
    };
    let scheme = place.url().split(':').next().unwrap_or_default();
    vec![subject.named(scheme)]
}

/// Makes the process that the suite kills: this program again, which is told the place by the suite.
fn child(_place: &str) -> Command {
    // Without its own path it can only be the one that the user would start.
    let program = std::env::current_exe().unwrap_or_else(|_| "weir".into());
    let mut command = Command::new(program);
    command.args(["conformance", "--child"]);
    command
}

/// Opens the store, makes and removes one stream, and lets go of it.
async fn look(place: &Arc<Place>) -> Result<()> {
    let refused = |error: eventweir::Error| Failure::usage(format!("--storage: {}", with_causes(&error)));
    let head = tokio::time::timeout(PATIENCE, place.try_out()).await;
    match head.map_err(|_| late("be tried out"))?.map_err(refused)? {
        0 => Ok(()),
        head => Err(Failure::usage(format!(
            "--storage: the store begins its streams after {head}, and the suite counts from 1: examine it without \
             first_sequence"
        ))),
    }
}

fn late(what: &str) -> Failure {
    Failure::usage(format!("--storage: the store cannot {what} in {} seconds", PATIENCE.as_secs()))
}

/// Opening a store with a long log takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);
