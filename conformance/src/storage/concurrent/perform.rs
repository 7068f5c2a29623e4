//! Performs a script: its phases one after the other, the clients of a phase side by side.

use super::call::{Call, Made};
use super::check;
use super::client::{Client, Common};
use super::step::{Row, Step, Who};
use crate::storage::crew::Crew;
use crate::storage::lab::{Bench, Lab};
use crate::storage::script::CHANNELS;
use crate::words::{channel, event};
use crate::{Failure, Law};
use eventweir::{Commit, Event, Retention, Selector};
use std::sync::Arc;
use tokio::sync::Barrier;

/// Performs a script in a fresh store, and checks what was seen of it.
pub(crate) async fn perform(lab: &Lab, rows: &[Row]) -> Result<(), Failure> {
    // A call that should have succeeded, and did not, breaks this law.
    play(lab, rows).await.map_err(|failure| failure.or_of(Law::Honest))
}

async fn play(lab: &Lab, rows: &[Row]) -> Result<(), Failure> {
    let bench = lab.open().await?;
    let common = Common::new(bench.client.bounds().await?.epoch);
    let count = rows.iter().filter_map(client_of).max().map_or(1, |number| number + 1);
    let clients = (0..count).map(|number| Client::new(number, common.clone())).collect();
    let mut play = Play { bench, common, clients, world: Vec::new() };
    let phases = rows.last().map_or(0, |row| row.phase + 1);
    for phase in 0..phases {
        play = play.phase(phase, rows).await.map_err(|failure| failure.at(format!("phase {}", phase + 1)))?;
    }
    play.finish().await
}

fn client_of(row: &Row) -> Option<usize> {
    match row.who {
        Who::Client(number) => Some(number),
        Who::World => None,
    }
}

struct Play {
    bench: Bench,
    common: Common,
    clients: Vec<Client>,
    world: Vec<Call>,
}

impl Play {
    async fn phase(mut self, phase: usize, rows: &[Row]) -> Result<Self, Failure> {
        let steps = |who: Who| {
            let own = rows.iter().filter(move |row| row.phase == phase && row.who == who);
            own.map(|row| row.step.clone()).collect::<Vec<_>>()
        };
        let barrier = Arc::new(Barrier::new(self.clients.len()));
        let mut crew = Crew::new();
        for mut client in self.clients {
            client.phase = phase;
            let (store, barrier) = (self.bench.client.clone(), barrier.clone());
            let steps = steps(Who::Client(client.number));
            crew.start(async move {
                barrier.wait().await;
                client.perform(&store, &steps).await?;
                Ok(client)
            });
        }
        self.clients = crew.finish().await?;
        for step in steps(Who::World) {
            self = self.step(phase, &step).await?;
        }
        Ok(self)
    }

    /// A step of the world, when no call is under way.
    async fn step(mut self, phase: usize, step: &Step) -> Result<Self, Failure> {
        let invoked = self.common.clock.look();
        let made = match step {
            Step::Reopen => {
                self.bench = self.bench.reopen().await?;
                return Ok(self);
            }
            Step::Trim(keep) => Made::Trim { keep: *keep, trimmed: self.trim(*keep).await? },
            Step::Delete(number) => self.delete(CHANNELS[*number]).await?,
            _ => return Ok(self),
        };
        let returned = self.common.clock.look();
        self.world.push(Call { client: None, phase, invoked, returned, made });
        Ok(self)
    }

    async fn trim(&self, keep: u64) -> Result<eventweir::Trimmed, Failure> {
        let retention = Retention { max_events: Some(keep), ..Retention::FOREVER };
        self.bench.client.trim(&retention, self.common.now).await
    }

    async fn delete(&self, name: &str) -> Result<Made, Failure> {
        let store = &self.bench.client;
        let channel = channel(name);
        if let Some(catalog) = store.storage.catalog() {
            let removed = catalog.delete_channel(&store.stream, &channel).await;
            removed.map_err(|error| Failure::from(error).at("deleting a channel"))?;
        }
        Ok(Made::Delete { channel, head: store.bounds().await?.head })
    }

    /// Reads to a sentinel, looks for more after a second one, and checks everything.
    async fn finish(mut self) -> Result<(), Failure> {
        let mut log = Vec::new();
        for _ in 0..2 {
            self.sentinel().await?;
            for client in &mut self.clients {
                client.follow_to_the_end(&self.bench.client).await?;
            }
            log = self.log().await?;
        }
        let Self { common, clients, world, .. } = self;
        let followers = clients.len();
        let mut calls: Vec<Call> = clients.into_iter().flat_map(|client| client.calls).chain(world).collect();
        calls.sort_by_key(|call| (call.returned, call.invoked));
        check::check(&check::Told { epoch: common.epoch, followers, calls: &calls, log: &log })
    }

    /// Publishes one more event, as a call of the world.
    async fn sentinel(&mut self) -> Result<(), Failure> {
        let mut last = event(CHANNELS[0], format!("sentinel {}", self.world.len()));
        last.time = self.common.now;
        let commit = Arc::new(Commit::append([last]));
        let invoked = self.common.clock.look();
        let receipt = self.bench.client.commit(&commit).await?;
        let returned = self.common.clock.look();
        let made = Made::Commit(commit, super::call::Came::Receipt(receipt));
        let phase = self.clients.first().map_or(0, |client| client.phase);
        self.world.push(Call { client: None, phase: phase + 1, invoked, returned, made });
        for client in &mut self.clients {
            client.phase = phase + 1;
        }
        Ok(())
    }

    async fn log(&self) -> Result<Vec<Arc<Event>>, Failure> {
        self.bench.client.all(&Selector::all()).await
    }
}
