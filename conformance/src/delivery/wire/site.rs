//! A site whose clients come over a wire, through proxies, to one broker or several.

use super::line::{Line, nobody};
use super::{Host, Protocol};
use crate::Failure;
use crate::delivery::{Abilities, Client, Disturbance, Site, SiteOpener};
use async_trait::async_trait;
use eventweir::{ChannelName, Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::sleep;
use uuid::Uuid;

/// Opens sites: each has hosts of its own, and a proxy before each of them.
pub(super) struct Wire {
    hosts: Box<dyn Fn() -> Vec<Box<dyn Host>> + Send + Sync>,
    protocol: Protocol,
}

impl Wire {
    pub(super) fn new<H: Host>(
        hosts: impl Fn() -> Vec<H> + Send + Sync + 'static,
        protocol: Protocol,
    ) -> Self {
        let boxed = |host| Box::new(host) as Box<dyn Host>;
        Self { hosts: Box::new(move || hosts().into_iter().map(boxed).collect()), protocol }
    }
}

#[async_trait]
impl SiteOpener for Wire {
    async fn open(&self) -> Result<Arc<dyn Site>, Failure> {
        let top = ChannelName::new(&format!("/conformance-{}", Uuid::new_v4()))?;
        let (protocol, abilities) = (self.protocol.clone(), self.protocol.abilities().clone());
        let (connected, disturbed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut site = Wired { lines: Vec::new(), protocol, abilities, top, connected, disturbed };
        for host in (self.hosts)() {
            match Line::open(host).await {
                Ok(line) => site.lines.push(line),
                Err(failure) => {
                    // What was started is ended; what failed first counts.
                    let _ = site.leave().await;
                    return Err(failure);
                }
            }
        }
        if site.lines.iter().any(|line| line.entry().token().is_some()) {
            // A broker binds a source to whom the token is of, and does not tell the client who that is.
            site.abilities.except = false;
        }
        Ok(Arc::new(site))
    }
}

struct Wired {
    lines: Vec<Line>,
    protocol: Protocol,
    abilities: Abilities,
    top: ChannelName,
    /// Whose turn it is to be connected to.
    connected: AtomicUsize,
    /// Whose turn it is to be disturbed, or to be told what to do.
    disturbed: AtomicUsize,
}

impl Wired {
    /// Returns the broker whose turn it is to be disturbed: one that is there.
    fn next(&self) -> Result<&Line> {
        let there: Vec<_> = self.lines.iter().filter(|line| !line.is_away()).collect();
        let turn = self.disturbed.fetch_add(1, Ordering::Relaxed);
        there.get(turn % there.len().max(1)).copied().ok_or_else(nobody)
    }

    async fn act(&self, disturbance: &Disturbance) -> Result<()> {
        match disturbance {
            Disturbance::Restart => self.next()?.restart().await?,
            Disturbance::Kill => {
                let line = self.next()?;
                line.kill().await?;
                line.start_again().await?;
            }
            Disturbance::Lose => self.lose().await?,
            Disturbance::Return => {
                for line in self.lines.iter().filter(|line| line.is_away()) {
                    line.start_again().await?;
                }
            }
            Disturbance::Pause(span) => self.next()?.pause(*span).await?,
            Disturbance::Cut { after_bytes } => self.each(|line| line.proxy.cut(*after_bytes)),
            Disturbance::Stall(span) => {
                self.each(|line| line.proxy.stall(*span));
                sleep(*span).await;
            }
            Disturbance::Split { bytes } => self.each(|line| line.proxy.split(*bytes)),
            Disturbance::LoseAnswers(on) => self.each(|line| line.proxy.cut_every_answer(*on)),
            Disturbance::Trim { keep } => self.next()?.host.trim(*keep).await?,
            Disturbance::Remove { channel } => self.next()?.host.remove(channel).await?,
            Disturbance::BeginAnew => self.next()?.host.begin_anew().await?,
            Disturbance::StepClock { .. } | Disturbance::Faults { .. } | Disturbance::Deafness(_) => {
                return Err(Error::invalid("a broker behind a wire keeps its own clock and store"));
            }
        }
        Ok(())
    }

    /// Kills a broker for good, unless it is the last one.
    async fn lose(&self) -> Result<()> {
        if self.lines.iter().filter(|line| !line.is_away()).count() > 1 {
            self.next()?.kill().await?;
        }
        Ok(())
    }

    fn each(&self, act: impl Fn(&Line)) {
        self.lines.iter().for_each(act);
    }

    fn all(&self, can: impl Fn(super::HostAbilities) -> bool) -> bool {
        self.lines.iter().all(|line| can(line.host.abilities()))
    }
}

#[async_trait]
impl Site for Wired {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn can(&self, disturbance: &Disturbance) -> bool {
        match disturbance {
            Disturbance::Restart => self.all(|host| host.restart),
            Disturbance::Kill => self.all(|host| host.kill),
            Disturbance::Lose | Disturbance::Return => self.lines.len() > 1 && self.all(|host| host.kill),
            Disturbance::Pause(_) => self.all(|host| host.pause),
            Disturbance::Cut { .. }
            | Disturbance::Stall(_)
            | Disturbance::Split { .. }
            | Disturbance::LoseAnswers(_) => true,
            Disturbance::Trim { .. } => self.all(|host| host.trim),
            Disturbance::Remove { .. } => self.all(|host| host.remove),
            Disturbance::BeginAnew => self.all(|host| host.begin_anew),
            Disturbance::StepClock { .. } | Disturbance::Faults { .. } | Disturbance::Deafness(_) => false,
        }
    }

    fn survives(&self) -> bool {
        self.all(|host| host.survives)
    }

    fn outlives(&self, _: &Disturbance) -> bool {
        self.survives()
    }

    fn top(&self) -> &ChannelName {
        &self.top
    }

    /// Each client comes to the next broker, whether it is there or not: so does one that was cut off, and so it goes on at
    /// another.
    async fn connect(&self) -> Result<Box<dyn Client>> {
        let turn = self.connected.fetch_add(1, Ordering::Relaxed);
        let line = self.lines.get(turn % self.lines.len().max(1)).ok_or_else(nobody)?;
        self.protocol.connect(line.entry()).await
    }

    async fn witness(&self) -> Result<Box<dyn Client>> {
        let there = self.lines.iter().find_map(Line::straight).ok_or_else(nobody)?;
        self.protocol.witness().connect(there).await
    }

    async fn disturb(&self, disturbance: &Disturbance) -> Result<(), Failure> {
        self.act(disturbance)
            .await
            .map_err(|error| Failure::of_call("the broker cannot be disturbed", &error))
    }

    async fn leave(&self) -> Result<(), Failure> {
        let mut left = match self.lines.iter().find(|line| !line.is_away()) {
            Some(line) => line.host.clean(&self.top).await,
            None => Ok(()),
        };
        for line in &self.lines {
            left = left.and(line.host.leave().await);
        }
        left.map_err(|error| Failure::of_call("what the suite made could not be removed", &error))
    }
}
