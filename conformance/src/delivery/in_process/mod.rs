//! Brokers in this process, over stores that a harness opens.

mod clock;
mod session_client;

use super::{Abilities, Client, Disturbance, OwnStream, Site, SiteOpener};
use crate::Failure;
use crate::faults::{FaultLayer, FaultRates};
use crate::property::remembers_ids;
use crate::storage::lab::{Opened, Opener};
use crate::storage::stream::StreamNames;
use crate::words::channel;
use async_trait::async_trait;
use clock::WrongClock;
use eventweir::layers::{RetryLayer, StorageLayer, TimeoutLayer};
use eventweir::{
    Broker, ChannelName, Credentials, Durability, Error, ErrorKind, Limits, Promises, Retention, Storage,
    StreamName,
};
use session_client::SessionClient;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::RwLock;

/// Composes brokers over stores.
pub(crate) struct InProcess {
    opener: Arc<dyn Opener>,
    brokers: usize,
}

impl InProcess {
    pub(crate) fn new(opener: Arc<dyn Opener>, brokers: usize) -> Self {
        Self { opener, brokers }
    }
}

#[async_trait]
impl SiteOpener for InProcess {
    async fn open(&self) -> Result<Arc<dyn Site>, Failure> {
        let opened = self.opener.open().await;
        let opened = opened.map_err(|error| Failure::from(error).at("opening a fresh store"))?;
        let promises = opened.storage().promises();
        let composition = Composition::new(self.brokers);
        let running = composition.start(opened)?;
        Ok(Arc::new(BrokerSite {
            abilities: Abilities { ids: remembers_ids(promises.dedup), ..Abilities::ALL },
            lists: running.opened.storage().catalog().is_some(),
            promises,
            top: channel("/top"),
            composition,
            running: RwLock::new(Some(running)),
            connected: AtomicUsize::new(0),
        }))
    }
}

/// What the brokers of a site are made of, each time they are started.
struct Composition {
    brokers: usize,
    stream: StreamName,
    own: OwnStream,
    clock: WrongClock,
    faults: FaultLayer,
    deafness: FaultLayer,
}

impl Composition {
    fn new(brokers: usize) -> Self {
        let stream = StreamNames::default().invent();
        // A call that hangs costs the whole of its timeout, so few do.
        let rates = FaultRates { hang: 0.004, ..FaultRates::rough() };
        let (faults, deafness) = (FaultLayer::new(0, rates), FaultLayer::new(0, FaultRates::deaf()));
        faults.switch(false);
        deafness.switch(false);
        Self {
            brokers,
            own: OwnStream::new(stream.clone()),
            stream,
            clock: WrongClock::default(),
            faults,
            deafness,
        }
    }

    /// Starts the brokers. The first one remembers little, so that readers fall out of its memory all the time; and of two, each
    /// tries again what its store refuses, while one alone tells its clients.
    fn start(&self, opened: Box<dyn Opened>) -> Result<Running, Failure> {
        let store = opened.storage();
        let lent = Arc::downgrade(&store);
        let store = self.deafness.wrap(self.faults.wrap(self.own.wrap(store)));
        let brokers = (0..self.brokers).map(|number| self.broker(store.clone(), number));
        Ok(Running { brokers: brokers.collect::<Result<_, _>>()?, lent, opened })
    }

    fn broker(&self, store: Arc<dyn Storage>, number: usize) -> eventweir::Result<Broker> {
        let mut limits = Limits::default();
        if number == 0 {
            limits.max_tail_events = 16;
        }
        let mut broker = Broker::builder()
            .storage(store)
            .layer(TimeoutLayer::new(HANGS))
            .clock(self.clock.clone())
            .poll_interval(POLL)
            .limits(limits);
        if self.brokers > 1 {
            broker = broker.layer(RetryLayer::new(6).with_pauses(Duration::from_millis(1), POLL));
        }
        broker.build()
    }
}

/// A store that is open, and the brokers over it.
struct Running {
    brokers: Vec<Broker>,
    /// What the brokers hold of the store.
    lent: Weak<dyn Storage>,
    opened: Box<dyn Opened>,
}

struct BrokerSite {
    abilities: Abilities,
    lists: bool,
    promises: Promises,
    top: ChannelName,
    composition: Composition,
    /// `None` while it is being restarted.
    running: RwLock<Option<Running>>,
    connected: AtomicUsize,
}

#[async_trait]
impl Site for BrokerSite {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn can(&self, disturbance: &Disturbance) -> bool {
        match disturbance {
            Disturbance::Restart
            | Disturbance::StepClock { .. }
            | Disturbance::Trim { .. }
            | Disturbance::Faults { .. }
            | Disturbance::Deafness(_) => true,
            Disturbance::Remove { .. } | Disturbance::BeginAnew => self.lists,
            Disturbance::Kill
            | Disturbance::Lose
            | Disturbance::Return
            | Disturbance::Pause(_)
            | Disturbance::Cut { .. }
            | Disturbance::Stall(_)
            | Disturbance::Split { .. }
            | Disturbance::LoseAnswers(_) => false,
        }
    }

    fn survives(&self) -> bool {
        self.promises.durability > Durability::Volatile
    }

    fn outlives(&self, disturbance: &Disturbance) -> bool {
        // The store is not ended with the broker when it would not survive that.
        *disturbance == Disturbance::Restart
    }

    fn top(&self) -> &ChannelName {
        &self.top
    }

    async fn connect(&self) -> eventweir::Result<Box<dyn Client>> {
        let turn = self.connected.fetch_add(1, Ordering::Relaxed);
        let session = {
            let running = self.running.read().await;
            let brokers = running.as_ref().map(|running| &running.brokers[..]).unwrap_or_default();
            let broker = brokers.get(turn % brokers.len().max(1));
            let away = || Error::new(ErrorKind::Unavailable, "the broker is being restarted");
            broker.ok_or_else(away)?.session(&Credentials::Anonymous).await?
        };
        Ok(Box::new(SessionClient::new(session)))
    }

    async fn witness(&self) -> eventweir::Result<Box<dyn Client>> {
        self.connect().await
    }

    async fn disturb(&self, disturbance: &Disturbance) -> Result<(), Failure> {
        match disturbance {
            Disturbance::Restart => return self.restart().await,
            Disturbance::StepClock { seconds } => self.composition.clock.step(*seconds),
            Disturbance::Faults { seed } => {
                self.composition.faults.reseed(seed.unwrap_or_default());
                self.composition.faults.switch(seed.is_some());
            }
            Disturbance::Deafness(deaf) => self.composition.deafness.switch(*deaf),
            Disturbance::Trim { keep } => {
                let retention = Retention { max_events: Some(*keep), ..Retention::FOREVER };
                let session = self.session().await?;
                let main = StreamName::main();
                insist(|| session.trim(&main, &retention)).await?;
            }
            Disturbance::Remove { channel } => {
                let session = self.session().await?;
                insist(|| session.delete_channel(channel)).await?;
            }
            Disturbance::BeginAnew => {
                let session = self.session().await?;
                let main = StreamName::main();
                insist(|| session.delete_stream(&main)).await?;
            }
            _ => {
                return Err(Failure::new(format!(
                    "brokers in this process cannot be asked to {disturbance}"
                )));
            }
        }
        Ok(())
    }

    async fn leave(&self) -> Result<(), Failure> {
        let Some(running) = self.running.write().await.take() else { return Ok(()) };
        close(&running.brokers).await?;
        let store = running.opened.storage();
        let Some(catalog) = store.catalog() else { return Ok(()) };
        if catalog.streams().await?.contains(&self.composition.stream) {
            catalog.delete_stream(&self.composition.stream).await?;
        }
        Ok(())
    }
}

impl BrokerSite {
    /// Opens a session for what an operator does.
    async fn session(&self) -> Result<eventweir::Session, Failure> {
        let running = self.running.read().await;
        let broker = running.as_ref().and_then(|running| running.brokers.first());
        let broker = broker.ok_or_else(|| Failure::new("the broker is being restarted"))?;
        Ok(broker.session(&Credentials::Anonymous).await?)
    }

    /// Ends the brokers, and the store too if it survives that, and starts them again.
    async fn restart(&self) -> Result<(), Failure> {
        let mut running = self.running.write().await;
        let Some(Running { brokers, lent, mut opened }) = running.take() else {
            return Err(Failure::new("the broker is being restarted already"));
        };
        close(&brokers).await?;
        drop(brokers);
        if self.survives() {
            self.composition.own.give_back();
            until_let_go(&lent).await?;
            opened =
                opened.reopen().await?.ok_or_else(|| Failure::new("its harness cannot reopen the store"))?;
        }
        *running = Some(self.composition.start(opened)?);
        Ok(())
    }
}

async fn close(brokers: &[Broker]) -> Result<(), Failure> {
    for broker in brokers {
        broker.close().await.map_err(|error| Failure::from(error).at("closing the broker"))?;
    }
    Ok(())
}

/// Waits for the calls that are still on their way.
async fn until_let_go(store: &Weak<dyn Storage>) -> Result<(), Failure> {
    let end = tokio::time::Instant::now() + LETTING_GO;
    while store.strong_count() > 0 {
        if tokio::time::Instant::now() > end {
            return Err(Failure::stuck("a call on the store did not end when its broker was closed"));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Does what an operator does until it is done: a store that is made to fail refuses operators too, and each of these may be done
/// twice.
async fn insist<T, F>(act: impl Fn() -> F) -> eventweir::Result<T>
where
    F: Future<Output = eventweir::Result<T>>,
{
    for _ in 0..INSISTENCE {
        match act().await {
            Err(error) if error.is_retryable() => tokio::time::sleep(Duration::from_millis(1)).await,
            done => return done,
        }
    }
    act().await
}

/// More than any seed of faults refuses in a row.
const INSISTENCE: usize = 100;
/// How often a broker looks for itself: quick, since the suite also takes wake-ups away.
const POLL: Duration = Duration::from_millis(25);
/// What is not there by then has hung: the injected faults wait for less.
const HANGS: Duration = Duration::from_secs(2);
const LETTING_GO: Duration = Duration::from_secs(20);
