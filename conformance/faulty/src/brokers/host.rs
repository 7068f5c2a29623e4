//! Brokers in this process, behind real sockets, over one store in memory.

use super::Faults;
use crate::storage::{FaultyStorage, Store};
use eventweir::{Broker, ChannelName, Error, ErrorKind, Result, Shutdown, Storage, StreamName, async_trait};
use eventweir_conformance::clients::RemoteHost;
use eventweir_conformance::{Address, Host, HostAbilities, OwnStream};
use eventweir_http::{HttpConfig, HttpFrontend};
use eventweir_memory::MemoryStorage;
use parking_lot::Mutex;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Starts one broker again and again, over a store that outlives it.
pub(crate) struct Served {
    store: Store,
    told: Box<dyn Fn(bool) + Send + Sync>,
    running: Mutex<Option<Running>>,
}

struct Running {
    task: JoinHandle<Result<()>>,
    shutdown: Shutdown,
    store: OwnStream,
    address: Address,
}

/// Makes three brokers, each with its fault.
pub(crate) fn three<F: Faults>() -> Vec<Served> {
    let store = MemoryStorage::new();
    F::three().into_iter().map(|fault| Served::new(fault, store.clone())).collect()
}

/// Makes the first of the three alone: nothing is wrong with it.
pub(crate) fn one<F: Faults>() -> Served {
    let [first, ..] = F::three();
    Served::new(first, MemoryStorage::new())
}

impl Served {
    fn new<F: Faults>(fault: F, store: MemoryStorage) -> Self {
        let faulty = Arc::new(FaultyStorage { fault, inner: Arc::new(store) });
        let told = faulty.clone();
        Self { store: faulty, told: Box::new(move |runs| told.fault.runs(runs)), running: Mutex::new(None) }
    }

    fn take(&self) -> Option<Running> {
        let running = self.running.lock().take();
        if running.is_some() {
            (self.told)(false);
        }
        running
    }

    fn administrator(&self) -> Result<RemoteHost> {
        let running = self.running.lock();
        let running = running.as_ref().ok_or_else(|| Error::new(ErrorKind::Closed, "no broker runs"))?;
        Ok(RemoteHost::at(running.address.clone()).alone())
    }
}

#[async_trait]
impl Host for Served {
    fn abilities(&self) -> HostAbilities {
        let mut abilities = HostAbilities::ALL;
        abilities.pause = false;
        abilities
    }

    async fn start(&self) -> Result<Address> {
        let frontend = HttpFrontend::bind(HttpConfig::at((Ipv4Addr::LOCALHOST, 0).into())).await?;
        let socket = frontend.local_addr();
        let store = OwnStream::new(StreamName::main());
        let lent: Arc<dyn Storage> = self.store.clone();
        let broker = Broker::builder().storage(lent).layer(store.clone()).transport(frontend).build()?;
        let shutdown = Shutdown::new();
        let signal = shutdown.clone();
        let task = tokio::spawn(async move { broker.run(signal).await });
        let address = Address::new(&format!("http://{socket}"), socket)?;
        *self.running.lock() = Some(Running { task, shutdown, store, address: address.clone() });
        (self.told)(true);
        Ok(address)
    }

    async fn stop(&self) -> Result<()> {
        let Some(mut running) = self.take() else { return Ok(()) };
        running.shutdown.begin();
        match tokio::time::timeout(PATIENCE, &mut running.task).await {
            Ok(Ok(ended)) => ended,
            _ => Err(Error::new(ErrorKind::Internal, "the broker did not stop as it should")),
        }
    }

    /// As near to `kill -9` as a process can do to a part of itself: whatever runs on has no store any more.
    async fn kill(&self) -> Result<()> {
        let Some(running) = self.take() else { return Ok(()) };
        running.store.give_back();
        running.task.abort();
        // It was told to end just now.
        let _ = running.task.await;
        Ok(())
    }

    async fn remove(&self, channel: &ChannelName) -> Result<()> {
        self.administrator()?.remove(channel).await
    }

    async fn trim(&self, keep: u64) -> Result<()> {
        self.administrator()?.trim(keep).await
    }

    async fn begin_anew(&self) -> Result<()> {
        self.administrator()?.begin_anew().await
    }

    async fn leave(&self) -> Result<()> {
        self.kill().await
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").finish_non_exhaustive()
    }
}

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
