//! Publishers and readers at work on a site, and the end of the play: a sentinel, a look for more, and the checked history.

mod event;
mod publisher;
mod reader;

pub(crate) use publisher::Publisher;
pub(crate) use reader::{Manner, Role};

use super::{From, Place, Site, Told};
use crate::history::{Counts, History, Recorder, Removed, Saw, Sighting, check, shows_removed};
use crate::storage::crew::Crew;
use crate::{Failure, Law};
use event::{EventMaker, sighting};
use eventweir::{ChannelName, Scope, Selector};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// A site, and everything that is going on at it.
pub(crate) struct Play {
    stage: Backdrop,
    readers: Crew<()>,
    roles: Vec<Role>,
    publishers: AtomicUsize,
    ends: watch::Sender<u64>,
    arrived: Arc<watch::Sender<Vec<u64>>>,
}

/// What everyone at a site shares.
#[derive(Clone)]
pub(crate) struct Backdrop {
    pub(crate) site: Arc<dyn Site>,
    pub(crate) recorder: Recorder,
    /// While nothing disturbs, no call may fail.
    calm: Arc<AtomicBool>,
    /// How long everyone waits for what must come.
    patience: Duration,
}

impl Backdrop {
    /// Judges an error: without a disturbance there is no reason for one.
    fn excuse(&self, who: &str, error: &eventweir::Error) -> Result<(), Failure> {
        if self.calm.load(Ordering::SeqCst) {
            let what =
                format!("{who} was refused or cut off, and nothing disturbed: {error} ({:?})", error.kind());
            return Err(Failure::of(Law::Honest, what));
        }
        Ok(())
    }
}

impl Play {
    pub(crate) fn new(site: Arc<dyn Site>, patience: Duration) -> Self {
        let stage =
            Backdrop { site, recorder: Recorder::default(), calm: Arc::new(AtomicBool::new(true)), patience };
        let (readers, roles, ends) = (Crew::new(), Vec::new(), watch::Sender::new(0));
        Self { stage, readers, roles, publishers: AtomicUsize::new(0), ends, arrived: Arc::default() }
    }

    /// Returns a channel of the site.
    pub(crate) fn channel(&self, name: &str) -> ChannelName {
        crate::words::channel(&format!("{}{name}", self.stage.site.top()))
    }

    /// Returns everything that the suite published at the site.
    pub(crate) fn everything(&self) -> Selector {
        Selector::new([Scope::Subtree(self.stage.site.top().clone())]).unwrap_or_else(|_| Selector::all())
    }

    /// Returns whether the site's clients can express a selection.
    pub(crate) fn selects(&self, selector: &Selector) -> bool {
        self.stage.site.abilities().selects(selector)
    }

    /// Returns whether the site's clients can begin with what is published from now on.
    pub(crate) fn begins_with_what_comes(&self) -> bool {
        self.stage.site.abilities().latest
    }

    /// From now on calls may fail: something disturbs.
    pub(crate) fn expect_trouble(&self) {
        self.stage.calm.store(false, Ordering::SeqCst);
    }

    /// Brings in a publisher. Of the same name there may be several.
    pub(crate) fn publisher(&self, name: &str) -> Publisher {
        let number = self.publishers.fetch_add(1, Ordering::Relaxed);
        Publisher::new(self.stage.clone(), &format!("{name}.{number}"))
    }

    /// Brings in a reader, which follows its selection from now on to the end of the play. Returns once it follows.
    pub(crate) async fn read(&mut self, role: Role) -> Result<(), Failure> {
        let number = self.roles.len();
        self.arrived.send_modify(|arrived| arrived.push(0));
        let reader =
            reader::begin(&self.stage, &role, self.ends.subscribe(), self.arrived.clone(), number).await?;
        self.readers.start(reader.follow());
        self.roles.push(role);
        Ok(())
    }

    /// Connects a client that is no part of the play, and returns what it is told first, at least so many things, and its place
    /// after that.
    pub(crate) async fn glance(
        &self,
        selector: &Selector,
        from: &From,
        least: usize,
    ) -> Result<(Vec<Told>, Option<Place>), Failure> {
        let look = async {
            let mut client = self.stage.site.connect().await?;
            client.follow(selector, from).await?;
            let mut told = Vec::new();
            while told.len() < least {
                told.extend(client.next().await?);
                breathe().await;
            }
            Ok((told, client.place()))
        };
        let looked: Result<eventweir::Result<_>, _> = timeout(self.stage.patience, look).await;
        let seconds = self.stage.patience.as_secs();
        let nothing = || Failure::of(Law::NoMiss, format!("a reader was told nothing for {seconds} seconds"));
        looked.map_err(|_| nothing())?.map_err(Failure::from)
    }

    /// Disturbs the site, and notes what is removed by that.
    pub(crate) async fn disturb(&self, disturbance: &super::Disturbance) -> Result<(), Failure> {
        let removed = match disturbance {
            super::Disturbance::Trim { .. } => Some(Removed::Oldest),
            super::Disturbance::Remove { channel } => Some(Removed::Channel(channel.clone())),
            super::Disturbance::BeginAnew => Some(Removed::Everything),
            super::Disturbance::Kill | super::Disturbance::Lose | super::Disturbance::Restart
                if !self.loses_nothing(disturbance) =>
            {
                Some(Removed::Everything)
            }
            _ => None,
        };
        let removal = removed.map(|what| self.stage.recorder.removal(what));
        let done = self.stage.site.disturb(disturbance).await;
        done.map_err(|failure| failure.at(disturbance))?;
        if let Some(removal) = removal {
            self.stage.recorder.removed(removal);
        }
        Ok(())
    }

    /// Ends every disturbance that lasts.
    pub(crate) async fn calm(&self) -> Result<(), Failure> {
        use super::Disturbance::{Deafness, Faults, LoseAnswers, Return, Split};
        for end in [Faults { seed: None }, Deafness(false), LoseAnswers(false), Split { bytes: 0 }, Return] {
            if self.stage.site.can(&end) {
                self.disturb(&end).await?;
            }
        }
        Ok(())
    }

    fn loses_nothing(&self, disturbance: &super::Disturbance) -> bool {
        self.stage.site.survives() || self.stage.site.outlives(disturbance)
    }

    /// Ends the play, and returns what happened once it was found right.
    ///
    /// Each reader follows to a sentinel on a channel of its own selection. When all have seen it, a second one is published: what
    /// a reader is given between the two is too much.
    pub(crate) async fn finish(mut self) -> Result<Counts, Failure> {
        let mut prompter = self.publisher("sentinel");
        for round in 1..=2 {
            for channel in self.sentinels() {
                prompter.publish_sentinel(&channel, round).await?;
            }
            self.ends.send_replace(round);
            self.wait_for_readers(round).await?;
        }
        let Self { stage, readers, .. } = self;
        readers.finish().await?;
        let end = crate::words::channel(&format!("{}/end", stage.site.top()));
        let last = prompter.publish_sentinel(&end, 3).await?;
        let late = Instant::now() + stage.patience;
        loop {
            let history: History = stage.recorder.finish(drain(&stage, &last).await?);
            // A broker may show for a moment what another has removed.
            if !shows_removed(&history) || Instant::now() > late {
                return check(&history);
            }
            breathe().await;
        }
    }

    fn sentinels(&self) -> Vec<ChannelName> {
        let mut channels: Vec<_> = self.roles.iter().map(|role| role.sentinel.clone()).collect();
        channels.sort();
        channels.dedup();
        channels
    }

    /// Waits until every reader has come to the end, or one has failed, or nothing came for too long.
    async fn wait_for_readers(&mut self, round: u64) -> Result<(), Failure> {
        let mut arrived = self.arrived.subscribe();
        let all = async {
            // The sender lives in this play.
            let _ = arrived.wait_for(|arrived| arrived.iter().all(|at| *at >= round)).await;
        };
        tokio::select! {
            failed = self.readers.first_failure() => return Err(failed),
            waited = timeout(self.stage.patience, all) => if waited.is_ok() { return Ok(()) },
        }
        let arrived = self.arrived.borrow().clone();
        let waiting: Vec<_> = self
            .roles
            .iter()
            .zip(arrived)
            .filter(|(_, at)| *at < round)
            .map(|(role, _)| role.name.as_str())
            .collect();
        Err(Failure::of(
            Law::NoMiss,
            format!(
                "{} did not reach the end of the log in {} seconds after it was published: {}",
                if waiting.len() == 1 { "a reader" } else { "readers" },
                self.stage.patience.as_secs(),
                waiting.join(", ")
            ),
        ))
    }
}

/// Reads the log from the beginning, to a sentinel that was published for this.
async fn drain(stage: &Backdrop, last: &str) -> Result<Vec<Sighting>, Failure> {
    let everything = Selector::new([Scope::Subtree(stage.site.top().clone())])?;
    let mut log = Vec::new();
    let reading = async {
        'again: loop {
            log.clear();
            let Ok(mut witness) = stage.site.witness().await else { continue };
            if witness.follow(&everything, &From::Earliest).await.is_err() {
                continue;
            }
            loop {
                let Ok(told) = witness.next().await else { continue 'again };
                for told in told {
                    let Told::Event(seen) = told else { continue };
                    let seen = sighting(&seen, 0);
                    let ended = seen.key == last;
                    log.push(seen);
                    if ended {
                        break 'again;
                    }
                }
                breathe().await;
            }
        }
    };
    let drained = timeout(stage.patience, reading).await;
    drained.map_err(|_| {
        let seconds = stage.patience.as_secs();
        Failure::of(Law::NoMiss, format!("the log could not be read to its end in {seconds} seconds"))
    })?;
    Ok(log)
}

/// Lets others work between two looks: pollers ask again after this.
async fn breathe() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
