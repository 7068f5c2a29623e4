//! What is examined, with its types forgotten, so that the properties are compiled once.

use crate::delivery::{Client, Disguise, InProcess, SiteOpener};
use crate::storage::lab::{HarnessOpener, Opener};
use crate::{Harness, Level};
use std::fmt;
use std::process::Command;
use std::sync::Arc;

/// Holds what the suite examines, at one level: stores, or clients of a broker.
#[derive(Clone)]
pub struct Subject {
    name: String,
    level: Level,
    examined: Examined,
}

#[derive(Clone)]
pub(crate) enum Examined {
    Stores(Arc<dyn Opener>),
    Sites(Arc<dyn SiteOpener>),
    /// Nothing, and why.
    Nothing(String),
}

impl Subject {
    /// Examines a driver.
    pub fn storage<H: Harness>(harness: H) -> Self {
        Self::of_stores(Arc::new(HarnessOpener::new(harness)))
    }

    /// Examines a broker over a driver, through sessions in this process.
    pub fn broker<H: Harness>(harness: H) -> Self {
        let opener = Arc::new(HarnessOpener::new(harness));
        Self::of_sites(Level::Broker, Arc::new(InProcess::new(opener, 1)))
    }

    /// Examines two brokers over one store of a driver: what is published through one is read through the other.
    pub fn brokers<H: Harness>(harness: H) -> Self {
        let opener = Arc::new(HarnessOpener::new(harness));
        Self::of_sites(Level::Brokers, Arc::new(InProcess::new(opener, 2)))
    }

    /// Stands for what cannot be examined at a level, so that the report names it: each property is skipped for this reason.
    pub fn skipped(level: Level, why: impl Into<String>) -> Self {
        Self { name: String::new(), level, examined: Examined::Nothing(why.into()) }
    }

    pub(crate) fn of_stores(opener: Arc<dyn Opener>) -> Self {
        Self { name: String::new(), level: Level::Storage, examined: Examined::Stores(opener) }
    }

    pub(crate) fn of_sites(level: Level, opener: Arc<dyn SiteOpener>) -> Self {
        Self { name: String::new(), level, examined: Examined::Sites(opener) }
    }

    /// Names the subject in reports: a driver, a protocol.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Says how a process is started that calls [`child`](crate::child) for the store at a place, so that it can be killed.
    pub fn with_child(self, command: impl Fn(&str) -> Command + Send + Sync + 'static) -> Self {
        if let Examined::Stores(opener) = &self.examined {
            opener.set_child(Arc::new(command));
        }
        self
    }

    /// Wraps each client that connects: to watch what clients do, or to spoil it. A bare store has none.
    pub fn with_clients(
        mut self,
        wrap: impl Fn(Box<dyn Client>) -> Box<dyn Client> + Send + Sync + 'static,
    ) -> Self {
        if let Examined::Sites(opener) = &self.examined {
            let disguise = Disguise { opener: opener.clone(), wrap: Arc::new(wrap) };
            self.examined = Examined::Sites(Arc::new(disguise));
        }
        self
    }

    /// Returns the name for reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the level.
    pub fn level(&self) -> Level {
        self.level
    }

    pub(crate) fn examined(&self) -> &Examined {
        &self.examined
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("name", &self.name)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}
