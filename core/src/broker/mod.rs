//! The broker: storage, auth and transports composed, and the sessions that are the only way in.

mod builder;
mod guard;
mod limits;
mod metrics;
mod session;
mod streams;
mod subscription;
mod trimmer;

pub use builder::BrokerBuilder;
pub use limits::Limits;
pub use metrics::Metrics;
pub use session::Session;
pub use streams::{StreamRule, StreamRules};
pub use subscription::Subscription;

use crate::live::{Tail, follow};
use crate::{
    Auth, ChannelName, Clock, Credentials, Error, ErrorKind, Promises, Result, Retention, Selector, Shutdown,
    Storage, StreamName, Transport,
};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::task::{AbortHandle, JoinSet};

/// How many channels of a stream are looked at for one that is not in its place.
const LOOKED_AT: usize = 100;

/// Composes a storage, an auth and transports into a broker. Clones share it.
///
/// ```
/// use eventweir::{Broker, ChannelName, Credentials, Delivery, NewEvent, Selector, Start};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> eventweir::Result<()> {
/// let broker = Broker::builder().storage(eventweir_memory::MemoryStorage::new()).build()?;
/// let session = broker.session(&Credentials::Anonymous).await?;
/// let channel = ChannelName::new("/orders/eu")?;
/// let mut orders = session.subscribe(Selector::exact(channel.clone()), Start::Latest).await?;
/// session.publish(NewEvent::new(channel, "first")).await?;
/// if let Some(Delivery::Events(batch)) = orders.next().await.transpose()? {
///     assert_eq!(&batch.events()[0].data[..], b"first");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Broker(Arc<Inner>);

struct Inner {
    storage: Arc<dyn Storage>,
    auth: Arc<dyn Auth>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    retention: Retention,
    poll: Duration,
    drain: Duration,
    trim_interval: Duration,
    streams: StreamRules,
    metrics: Metrics,
    transports: Mutex<Vec<Box<dyn Transport>>>,
    tails: RwLock<HashMap<StreamName, Arc<OnceCell<Arc<Tail>>>>>,
    followers: Mutex<Vec<AbortHandle>>,
    closing: Shutdown,
}

impl Broker {
    /// Begins a composition.
    pub fn builder() -> BrokerBuilder {
        BrokerBuilder::new()
    }

    /// Opens a session for a client: the only thing that can publish, read, subscribe or work.
    ///
    /// # Errors
    /// What the [`Auth`] answers; [`Closed`](ErrorKind::Closed) once the broker shuts down.
    pub async fn session(&self, credentials: &Credentials) -> Result<Session> {
        self.check_open()?;
        let principal = self.0.auth.authenticate(credentials).await?;
        Ok(Session::new(self.clone(), principal))
    }

    /// Serves every transport and keeps the retention until shutdown begins, then drains and closes the storage.
    ///
    /// Returns once everything accepted is finished, or the time for draining is over.
    ///
    /// # Errors
    /// The error of the first transport that failed, or of closing the storage.
    pub async fn run(&self, shutdown: Shutdown) -> Result<()> {
        let mut serving = JoinSet::new();
        for transport in std::mem::take(&mut *self.0.transports.lock()) {
            let (name, broker, shutdown) = (transport.name(), self.clone(), shutdown.clone());
            serving.spawn(async move { (name, transport.serve(broker, shutdown).await) });
        }
        let trimmer = tokio::spawn(trimmer::keep_retention(self.clone()));
        let outcome = self.until_stopped(&mut serving, &shutdown).await;
        trimmer.abort();
        let closed = self.close().await;
        outcome.and(closed)
    }

    /// Waits for shutdown or the first transport that fails, then gives all transports their time to drain.
    async fn until_stopped(
        &self,
        serving: &mut JoinSet<(&'static str, Result<()>)>,
        shutdown: &Shutdown,
    ) -> Result<()> {
        let mut outcome = Ok(());
        loop {
            tokio::select! {
                () = shutdown.begun() => break,
                ended = serving.join_next(), if !serving.is_empty() => {
                    outcome = ended.map_or(Ok(()), transport_outcome);
                    if outcome.is_err() {
                        shutdown.begin();
                        break;
                    }
                }
            }
        }
        // Subscriptions end now, so that their connections can.
        self.0.closing.begin();
        self.close_tails();
        let drained = tokio::time::timeout(self.0.drain, async {
            while let Some(ended) = serving.join_next().await {
                if let Err(error) = transport_outcome(ended) {
                    tracing::warn!(%error, "a transport failed while draining");
                }
            }
        });
        if drained.await.is_err() {
            tracing::warn!(
                seconds = self.0.drain.as_secs(),
                "transports were cut off: draining took too long"
            );
            serving.shutdown().await;
        }
        outcome
    }

    /// Ends all subscriptions, refuses new work, and closes the storage. Closing twice is the same.
    ///
    /// # Errors
    /// What the storage says of closing.
    pub async fn close(&self) -> Result<()> {
        self.0.closing.begin();
        self.close_tails();
        self.0.followers.lock().drain(..).for_each(|follower| follower.abort());
        self.0.storage.close().await
    }

    fn close_tails(&self) {
        let tails: Vec<_> = self.0.tails.read().values().filter_map(|cell| cell.get().cloned()).collect();
        tails.iter().for_each(|tail| tail.close());
    }

    /// Returns what the storage promises.
    pub fn promises(&self) -> Promises {
        self.0.storage.promises()
    }

    /// Returns the broker's limits.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Returns what the streams keep, but for those whose rule says otherwise.
    pub fn retention(&self) -> Retention {
        self.0.retention
    }

    /// Returns what a stream keeps.
    pub fn retention_of(&self, stream: &StreamName) -> Retention {
        self.0.streams.retention_of(stream).unwrap_or(self.0.retention)
    }

    /// Returns the shortest age to which any stream keeps its events; `None` when all of them keep them whatever their age.
    pub fn shortest_age(&self) -> Option<Duration> {
        let own = std::iter::once(self.0.retention);
        own.chain(self.0.streams.retentions()).filter_map(|retention| retention.max_age).min()
    }

    /// Returns which channels are in which stream.
    pub fn streams(&self) -> &StreamRules {
        &self.0.streams
    }

    /// Returns the broker's counters.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Returns the broker's clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// Asks the storage whether it can answer now, for the stream `main`: readiness.
    ///
    /// The other streams are not asked, though a store of many nodes may have them elsewhere: a broker that misses one of them
    /// still serves the others.
    ///
    /// # Errors
    /// What the storage answers; [`Closed`](ErrorKind::Closed) once the broker shuts down.
    pub async fn check_ready(&self) -> Result<()> {
        self.check_open()?;
        self.0.storage.bounds(&StreamName::main()).await.map(drop)
    }

    /// Finds channels whose events are in another stream than the rules say, at most one of each stream: what a change of the rules
    /// left behind, and their readers do not see. Of each stream the first channels are looked at, by name, so that it is cheap.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) without a catalog, and what it answers.
    pub async fn misplaced_channels(&self) -> Result<Vec<(StreamName, ChannelName)>> {
        let (catalog, all) = (crate::catalog::required(&*self.0.storage)?, Selector::all());
        let mut misplaced = Vec::new();
        for stream in catalog.streams().await? {
            let channels = catalog.channels(&stream, &all, None, LOOKED_AT).await?;
            let found = channels.into_iter().find(|info| *self.0.streams.of_channel(&info.name) != stream);
            misplaced.extend(found.map(|info| (stream, info.name)));
        }
        Ok(misplaced)
    }

    fn check_open(&self) -> Result<()> {
        if self.0.closing.has_begun() {
            return Err(Error::new(ErrorKind::Closed, "the broker is shutting down").with_retryable(true));
        }
        Ok(())
    }

    /// Returns the tail of a stream, started on first use.
    async fn tail(&self, stream: &StreamName) -> Result<Arc<Tail>> {
        let cell = match self.0.tails.read().get(stream) {
            Some(cell) => match cell.get() {
                Some(tail) => return Ok(tail.clone()),
                None => cell.clone(),
            },
            None => Arc::default(),
        };
        let cell = self.0.tails.write().entry(stream.clone()).or_insert(cell).clone();
        let tail = cell.get_or_try_init(|| self.start_tail(stream)).await?;
        Ok(tail.clone())
    }

    async fn start_tail(&self, stream: &StreamName) -> Result<Arc<Tail>> {
        self.check_open()?;
        let tail = Tail::start(stream.clone(), self.0.storage.clone(), self.0.limits.tail()).await?;
        let woken = tail.bounds().position();
        let tail = Arc::new(tail);
        let waker = tokio::spawn({
            let tail = tail.clone();
            async move { tail.wake_feeds(woken).await }
        });
        let follower = tokio::spawn(follow(tail.clone(), self.0.poll));
        self.0.followers.lock().extend([waker.abort_handle(), follower.abort_handle()]);
        Ok(tail)
    }
}

fn transport_outcome(ended: Result<(&'static str, Result<()>), tokio::task::JoinError>) -> Result<()> {
    match ended {
        Ok((_, Ok(()))) => Ok(()),
        Ok((name, Err(error))) => {
            tracing::error!(transport = name, %error, "a transport failed");
            Err(error)
        }
        Err(error) => {
            Err(Error::new(ErrorKind::Internal, "a transport ended unexpectedly").with_source(error))
        }
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker")
            .field("storage", &self.0.storage)
            .field("auth", &self.0.auth)
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.followers.get_mut().drain(..).for_each(|follower| follower.abort());
    }
}
