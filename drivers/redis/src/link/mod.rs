//! The connections to Redis: one server, the master that Sentinels name, or the nodes of a cluster.
//!
//! A call goes to the server that has the slot of its first key, over a connection that many calls share. Connections
//! that are lost come back by themselves; a call waits for that until its time is over. What was sent and not answered
//! is sent again only when it changes nothing.

mod address;
mod check;
mod cluster;
mod config;
mod connection;
mod error;
mod lane;
mod listen;
mod node;
mod request;
mod route;
mod sentinel;
mod server;
mod slot;
mod wire;

pub use config::{Protocol, RedisConfig};

use address::Address;
use bytes::Bytes;
use connection::Broken;
use error::Refusal;
use eventweir::{Durability, Effect, Error, ErrorKind, Promises, Result, Wakeup};
use futures_core::stream::BoxStream;
use listen::Listener;
use node::{Node, Nodes, Purpose};
use redis::{Pipeline, Script, Value};
use request::{Answer, Request};
use route::Route;
use server::Deployed;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, sleep, timeout_at};
use wire::Connector;

/// The connections of one store.
#[derive(Debug)]
pub(crate) struct Link {
    shared: Arc<Shared>,
    listener: Listener,
    deployed: Deployed,
    /// Looks now and then who the master is, where Sentinels decide it.
    watch: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    config: Arc<RedisConfig>,
    connector: Connector,
    nodes: Nodes,
    route: Route,
    closed: AtomicBool,
}

/// Whether a call that was sent and not answered may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changes {
    Nothing,
    Something,
}

impl Link {
    /// Connects, and checks that this is a Redis that can keep the promises.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when only the operator can mend it, [`Unavailable`](ErrorKind::Unavailable) when nobody
    /// answers.
    pub(crate) async fn open(config: &RedisConfig) -> Result<Self> {
        let config = Arc::new(config.clone());
        let shared = Arc::new(Shared {
            connector: Connector::new(config.clone())?,
            route: Route::new(&config.deployment),
            config,
            nodes: Nodes::default(),
            closed: AtomicBool::new(false),
        });
        let deployed = check::all(&shared).await?;
        let watch = matches!(shared.route, Route::Sentinel(_)).then(|| tokio::spawn(watch(shared.clone())));
        Ok(Self { listener: Listener::start(shared.clone()), shared, deployed, watch })
    }

    /// Calls a script that may write. The first key decides where.
    ///
    /// # Errors
    /// The effect is [`Unknown`](Effect::Unknown) once it was sent and not refused.
    pub(crate) async fn call(&self, script: &Script, keys: &[Vec<u8>], args: &[Bytes]) -> Result<Value> {
        let request = Request::script(script, keys, args);
        self.shared.run(Purpose::Calls, Changes::Something, &request, Some(script), slot_of(keys)).await
    }

    /// Calls a script that only reads: it is asked again when a connection is lost.
    ///
    /// # Errors
    /// Without effect.
    pub(crate) async fn read(&self, script: &Script, keys: &[Vec<u8>], args: &[Bytes]) -> Result<Value> {
        let request = Request::script(script, keys, args);
        self.shared.run(Purpose::Calls, Changes::Nothing, &request, Some(script), slot_of(keys)).await
    }

    /// Calls a script that commits, and waits for replicas where that is configured.
    ///
    /// # Errors
    /// As [`call`](Self::call); when too few replicas have it in time the effect is [`Unknown`](Effect::Unknown), too.
    pub(crate) async fn commit(&self, script: &Script, keys: &[Vec<u8>], args: &[Bytes]) -> Result<Value> {
        let config = &self.shared.config;
        let request = match config.wait {
            0 => Request::script(script, keys, args),
            replicas => Request::waited(script, keys, args, replicas, config.wait_timeout),
        };
        self.shared.run(Purpose::Commits, Changes::Something, &request, Some(script), slot_of(keys)).await
    }

    /// Carries out commands that only read, all at one moment. The first key decides where.
    ///
    /// # Errors
    /// Without effect.
    pub(crate) async fn snapshot(&self, commands: Pipeline) -> Result<Vec<Value>> {
        let key = commands.cmd_iter().next().and_then(|first| match first.args_iter().nth(1) {
            Some(redis::Arg::Simple(key)) => Some(slot::of(key)),
            _ => None,
        });
        let request = Request::atomic(commands);
        let slot = key.unwrap_or_default();
        let value = self.shared.run(Purpose::Calls, Changes::Nothing, &request, None, slot).await?;
        Ok(Request::answers(value))
    }

    /// Returns the command by which scripts wake readers.
    pub(crate) fn publishes(&self) -> &'static str {
        "SPUBLISH"
    }

    /// Returns hints that somebody published on a channel, its head if it was said.
    pub(crate) fn wakeups(&self, channel: Vec<u8>) -> BoxStream<'static, Wakeup> {
        self.listener.wakeups(channel)
    }

    /// Returns whether commits wait for replicas.
    pub(crate) fn waits(&self) -> bool {
        self.shared.config.wait > 0
    }

    pub(crate) fn promises(&self) -> Promises {
        self.deployed.promises(&self.shared.config)
    }

    /// Describes what it is connected to, in one line without secrets.
    pub(crate) fn deployment(&self) -> String {
        self.deployed.describe(&self.shared.config)
    }

    /// Says what to change so that a durability is reached; `None` when it is.
    pub(crate) fn falls_short(&self, required: Durability) -> Option<String> {
        self.deployed.falls_short(&self.shared.config, required)
    }

    /// Gives the connections up. Calls in flight are still answered, later ones are refused.
    pub(crate) async fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        self.listener.stop();
        if let Some(watch) = &self.watch {
            watch.abort();
        }
        self.shared.nodes.clear();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.listener.stop();
        if let Some(watch) = &self.watch {
            watch.abort();
        }
    }
}

fn slot_of(keys: &[Vec<u8>]) -> u16 {
    keys.first().map(|key| slot::of(key)).unwrap_or_default()
}

impl Shared {
    /// Asks the server of a slot until it answers, it refuses for good, or the time is over.
    async fn run(
        &self,
        purpose: Purpose,
        changes: Changes,
        request: &Request,
        script: Option<&Script>,
        slot: u16,
    ) -> Result<Value> {
        let mut until = Instant::now() + self.config.timeout;
        if let Request::Waited { .. } = request {
            until += self.config.wait_timeout;
        }
        let mut asking: Option<Address> = None;
        let mut redirected = 0;
        loop {
            if self.closed.load(Ordering::Acquire) {
                return Err(error::closed());
            }
            let node = match self.node(asking.as_ref(), slot, until).await {
                Ok(node) => node,
                Err(error) => {
                    asking = None;
                    self.pause(error, until).await?;
                    continue;
                }
            };
            let lane = node.lane(purpose);
            let connection = match lane.connection(&self.connector, &node.address, until).await {
                Ok(connection) => connection,
                Err(error) => {
                    asking = None;
                    self.route.suspect(&node.address);
                    self.pause(error, until).await?;
                    continue;
                }
            };
            let sent = request.send(&connection, asking.is_some(), until).await;
            let answer = match sent {
                Ok(answer) => answer,
                Err(broken) => {
                    // One that is late is given up, too: what it answers later is for nobody.
                    lane.lost(&connection);
                    self.route.suspect(&node.address);
                    asking = None;
                    let error = unanswered(broken, &node.address, changes);
                    if changes == Changes::Something {
                        return Err(error);
                    }
                    self.pause(error, until).await?;
                    continue;
                }
            };
            let Value::ServerError(refused) = &answer.value else {
                return self.confirmed(answer);
            };
            let refusal = error::refusal(refused, &node.address);
            let was_asking = asking.take();
            match refusal {
                Refusal::Moved(to) => {
                    self.route.moved(slot, &to);
                    redirected += 1;
                }
                Refusal::Ask(to) => {
                    asking = Some(to);
                    redirected += 1;
                }
                Refusal::NoScript => {
                    asking = was_asking;
                    connection.load(script, until).await;
                    redirected += 1;
                }
                Refusal::NotNow(error) => self.pause(error, until).await?,
                Refusal::NotHere(error) => {
                    self.route.suspect(&node.address);
                    self.pause(error, until).await?;
                }
                Refusal::Final(error) if changes == Changes::Nothing => {
                    return Err(error.with_effect(Effect::NotApplied));
                }
                Refusal::Final(error) => return Err(error),
            }
            if redirected > FAST_REDIRECTIONS {
                let error = Error::new(ErrorKind::Unavailable, "the nodes send the call back and forth");
                self.pause(error, until).await?;
            }
        }
    }

    async fn node(&self, asking: Option<&Address>, slot: u16, until: Instant) -> Result<Arc<Node>> {
        if let Some(address) = asking {
            return Ok(self.nodes.get(address));
        }
        let late = |_| Error::new(ErrorKind::Unavailable, "nobody says in time which Redis to ask");
        let address = timeout_at(until, self.route.address(slot, &self.connector, &self.nodes)).await;
        address.map_err(late)?.map(|address| self.nodes.get(&address))
    }

    /// Waits a moment before the next attempt, or gives the error when the time is over.
    async fn pause(&self, error: Error, until: Instant) -> Result<()> {
        if Instant::now() + PAUSE >= until {
            return Err(error::while_serving(error));
        }
        sleep(PAUSE).await;
        Ok(())
    }

    fn confirmed(&self, answer: Answer) -> Result<Value> {
        match answer.replicas {
            Some(replicas) if replicas < i64::from(self.config.wait) => {
                let wait = self.config.wait;
                let message =
                    format!("the commit was written, and {replicas} of {wait} replicas confirmed it in time");
                Err(Error::new(ErrorKind::Unavailable, message).with_effect(Effect::Unknown))
            }
            _ => Ok(answer.value),
        }
    }
}

fn unanswered(broken: Broken, address: &Address, changes: Changes) -> Error {
    let effect = match changes {
        Changes::Nothing => Effect::NotApplied,
        Changes::Something => Effect::Unknown,
    };
    broken.unavailable(address).with_effect(effect)
}

/// Asks the Sentinels again and again: an old master that was cut off does not know that it is none any more.
async fn watch(shared: Arc<Shared>) {
    let Route::Sentinel(sentinels) = &shared.route else { return };
    loop {
        sleep(WATCH).await;
        let before = sentinels.known();
        if let Ok(now) = sentinels.ask(&shared.connector).await
            && before.as_ref() != Some(&now)
        {
            tracing::info!(master = %now, "the Sentinels name another Redis master");
            shared.nodes.keep(|address| *address == now);
        }
    }
}

const PAUSE: Duration = Duration::from_millis(20);
const WATCH: Duration = Duration::from_secs(1);
/// A slot that moved is found at once; more than a few in a row are no way forward.
const FAST_REDIRECTIONS: u32 = 5;
