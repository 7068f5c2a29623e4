//! A site whose clients come over a wire, through a proxy.

use super::{Address, Host, Protocol};
use crate::delivery::{Abilities, Client, Disturbance, Site, SiteOpener};
use crate::{Failure, Proxy};
use async_trait::async_trait;
use eventweir::{ChannelName, Error, Result};
use parking_lot::Mutex;
use std::error::Error as _;
use std::sync::Arc;
use tokio::time::sleep;
use uuid::Uuid;

/// Opens sites: each has a host and a proxy of its own.
pub(super) struct Wire {
    hosts: Box<dyn Fn() -> Box<dyn Host> + Send + Sync>,
    protocol: Protocol,
}

impl Wire {
    pub(super) fn new<H: Host>(hosts: impl Fn() -> H + Send + Sync + 'static, protocol: Protocol) -> Self {
        Self { hosts: Box::new(move || Box::new(hosts())), protocol }
    }
}

#[async_trait]
impl SiteOpener for Wire {
    async fn open(&self) -> Result<Arc<dyn Site>, Failure> {
        let host = (self.hosts)();
        let address = host.start().await.map_err(|error| failed("the broker cannot be used", &error))?;
        let proxy = Proxy::start(address.socket()).await;
        let proxy =
            proxy.map_err(|error| Failure::new(format!("the suite cannot start a proxy: {error}")))?;
        let mut abilities = self.protocol.abilities().clone();
        if address.token().is_some() {
            // A broker binds a source to whom the token is of, and does not tell the client who that is.
            abilities.except = false;
        }
        let top = ChannelName::new(&format!("/conformance-{}", Uuid::new_v4()))?;
        let (protocol, address) = (self.protocol.clone(), Mutex::new(address));
        Ok(Arc::new(Wired { host, proxy, protocol, abilities, top, address }))
    }
}

struct Wired {
    host: Box<dyn Host>,
    proxy: Proxy,
    protocol: Protocol,
    abilities: Abilities,
    top: ChannelName,
    /// Where the broker is now; another one that was started may be elsewhere.
    address: Mutex<Address>,
}

impl Wired {
    fn address(&self) -> Address {
        self.address.lock().clone()
    }

    /// Starts the broker again, and leads new connections to it.
    async fn start_again(&self) -> Result<()> {
        let address = self.host.start().await?;
        self.proxy.retarget(address.socket());
        *self.address.lock() = address;
        Ok(())
    }

    async fn act(&self, disturbance: &Disturbance) -> Result<()> {
        match disturbance {
            Disturbance::Restart => {
                self.host.stop().await?;
                self.start_again().await?;
            }
            Disturbance::Kill => {
                self.host.kill().await?;
                self.start_again().await?;
            }
            Disturbance::Pause(span) => {
                self.host.pause().await?;
                sleep(*span).await;
                self.host.resume().await?;
            }
            Disturbance::Cut { after_bytes } => self.proxy.cut(*after_bytes),
            Disturbance::Stall(span) => {
                self.proxy.stall(*span);
                sleep(*span).await;
            }
            Disturbance::Split { bytes } => self.proxy.split(*bytes),
            Disturbance::LoseAnswers(on) => self.proxy.cut_every_answer(*on),
            Disturbance::Trim { keep } => self.host.trim(*keep).await?,
            Disturbance::Remove { channel } => self.host.remove(channel).await?,
            Disturbance::BeginAnew => self.host.begin_anew().await?,
            Disturbance::StepClock { .. } | Disturbance::Faults { .. } | Disturbance::Deafness(_) => {
                return Err(Error::invalid("a broker behind a wire keeps its own clock and store"));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Site for Wired {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn can(&self, disturbance: &Disturbance) -> bool {
        let host = self.host.abilities();
        match disturbance {
            Disturbance::Restart => host.restart,
            Disturbance::Kill => host.kill,
            Disturbance::Pause(_) => host.pause,
            Disturbance::Cut { .. }
            | Disturbance::Stall(_)
            | Disturbance::Split { .. }
            | Disturbance::LoseAnswers(_) => true,
            Disturbance::Trim { .. } => host.trim,
            Disturbance::Remove { .. } => host.remove,
            Disturbance::BeginAnew => host.begin_anew,
            Disturbance::StepClock { .. } | Disturbance::Faults { .. } | Disturbance::Deafness(_) => false,
        }
    }

    fn survives(&self) -> bool {
        self.host.abilities().survives
    }

    fn outlives(&self, _: &Disturbance) -> bool {
        self.survives()
    }

    fn top(&self) -> &ChannelName {
        &self.top
    }

    async fn connect(&self) -> Result<Box<dyn Client>> {
        self.protocol.connect(self.address().through(self.proxy.address())).await
    }

    async fn witness(&self) -> Result<Box<dyn Client>> {
        self.protocol.witness().connect(self.address()).await
    }

    async fn disturb(&self, disturbance: &Disturbance) -> Result<(), Failure> {
        self.act(disturbance).await.map_err(|error| failed("the broker cannot be disturbed", &error))
    }

    async fn leave(&self) -> Result<(), Failure> {
        let cleaned = self.host.clean(&self.top).await;
        let left = self.host.leave().await;
        cleaned.and(left).map_err(|error| failed("what the suite made could not be removed", &error))
    }
}

/// Says what failed around the properties, with its causes.
fn failed(what: &str, error: &Error) -> Failure {
    let mut text = format!("{what}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    Failure::new(text)
}
