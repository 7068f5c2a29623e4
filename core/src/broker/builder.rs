//! Composing a broker.

use super::{Broker, Inner, Limits, Metrics, StreamRules};
use crate::auth::AllowAll;
use crate::layers::StorageLayer;
use crate::{
    Auth, Clock, Durability, Error, ErrorKind, Result, Retention, Shutdown, Storage, SystemClock, Transport,
};
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::time::Duration;

/// Collects the parts of a broker. Only the storage is needed.
#[derive(Debug)]
pub struct BrokerBuilder {
    storage: Option<Arc<dyn Storage>>,
    auth: Arc<dyn Auth>,
    clock: Arc<dyn Clock>,
    transports: Vec<Box<dyn Transport>>,
    requires: Option<Durability>,
    limits: Limits,
    retention: Retention,
    streams: StreamRules,
    poll: Duration,
    drain: Duration,
    trim_interval: Duration,
}

impl BrokerBuilder {
    pub(super) fn new() -> Self {
        Self {
            storage: None,
            auth: Arc::new(AllowAll),
            clock: Arc::new(SystemClock),
            transports: Vec::new(),
            requires: None,
            limits: Limits::default(),
            retention: Retention::FOREVER,
            streams: StreamRules::default(),
            poll: Duration::from_millis(200),
            drain: Duration::from_secs(10),
            trim_interval: Duration::from_secs(1),
        }
    }

    /// Sets the storage: a driver, or an `Arc<dyn Storage>` from a [`Registry`](crate::Registry).
    pub fn storage(mut self, storage: impl Storage) -> Self {
        self.storage = Some(Arc::new(storage));
        self
    }

    /// Wraps the storage set so far in a layer. Layers added later are outside those added before: add a timeout first and a
    /// retry after it, so that each try has its own time.
    pub fn layer(mut self, layer: impl StorageLayer) -> Self {
        self.storage = self.storage.map(|storage| layer.wrap(storage));
        self
    }

    /// Sets who may do what; [`AllowAll`] unless set.
    pub fn auth(mut self, auth: impl Auth) -> Self {
        self.auth = Arc::new(auth);
        self
    }

    /// Sets the shared auth, for those who keep a handle to it.
    pub fn shared_auth(mut self, auth: Arc<dyn Auth>) -> Self {
        self.auth = auth;
        self
    }

    /// Adds a way in.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transports.push(Box::new(transport));
        self
    }

    /// Refuses to build on a storage that promises less.
    pub fn requires(mut self, durability: Durability) -> Self {
        self.requires = Some(durability);
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets which channels are in which stream; all are in `main` unless set.
    pub fn streams(mut self, streams: StreamRules) -> Self {
        self.streams = streams;
        self
    }

    /// Sets what streams keep; everything unless set. Kept by [`Broker::run`]. A stream's own rule may say otherwise.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Sets the clock, for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets how often a tail looks at the store when no wake-up came; 200 ms unless set.
    pub fn poll_interval(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// Sets how long transports may drain at shutdown; 10 s unless set.
    pub fn drain_timeout(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Sets how often retention is enforced; every second unless set.
    pub fn trim_interval(mut self, trim_interval: Duration) -> Self {
        self.trim_interval = trim_interval;
        self
    }

    /// Checks the whole and builds the broker.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when there is no storage or it promises less than required.
    pub fn build(self) -> Result<Broker> {
        let storage =
            self.storage.ok_or_else(|| Error::new(ErrorKind::Config, "a broker needs a storage"))?;
        let promised = storage.promises().durability;
        if let Some(required) = self.requires.filter(|required| *required > promised) {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "the storage promises durability `{}`, but `{}` is required",
                    promised.as_str(),
                    required.as_str()
                ),
            ));
        }
        Ok(Broker(Arc::new(Inner {
            storage,
            auth: self.auth,
            clock: self.clock,
            limits: self.limits,
            retention: self.retention,
            poll: self.poll,
            drain: self.drain,
            trim_interval: self.trim_interval,
            streams: self.streams,
            metrics: Metrics::new(),
            transports: Mutex::new(self.transports),
            tails: RwLock::default(),
            followers: Mutex::default(),
            closing: Shutdown::new(),
        })))
    }
}
