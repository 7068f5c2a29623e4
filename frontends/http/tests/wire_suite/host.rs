//! Brokers in this process, behind real sockets, over a store that outlives them.

use eventweir::{Broker, ChannelName, Error, ErrorKind, Result, Shutdown, StreamName, async_trait};
use eventweir_conformance::clients::RemoteHost;
use eventweir_conformance::{Address, Host, HostAbilities, OwnStream};
use eventweir_http::{HttpConfig, HttpFrontend};
use eventweir_memory::MemoryStorage;
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts brokers, one after the other, over one store.
#[derive(Debug)]
pub(crate) struct InProcess {
    store: MemoryStorage,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    task: JoinHandle<Result<()>>,
    shutdown: Shutdown,
    store: OwnStream,
    address: Address,
}

impl InProcess {
    pub(crate) fn new() -> Self {
        Self::over(MemoryStorage::new())
    }

    /// Makes three over one store.
    pub(crate) fn three() -> Vec<Self> {
        let store = MemoryStorage::new();
        (0..3).map(|_| Self::over(store.clone())).collect()
    }

    fn over(store: MemoryStorage) -> Self {
        Self { store, running: Mutex::new(None) }
    }

    /// Returns the address of the broker that runs.
    pub(crate) fn address(&self) -> Result<Address> {
        let running = self.running.lock().unwrap();
        let none = || Error::new(ErrorKind::Closed, "no broker runs");
        running.as_ref().map(|running| running.address.clone()).ok_or_else(none)
    }

    fn take(&self) -> Option<Running> {
        self.running.lock().unwrap().take()
    }

    /// What is done to the store is done through the public API.
    fn administrator(&self) -> Result<RemoteHost> {
        Ok(RemoteHost::at(self.address()?).alone())
    }
}

#[async_trait]
impl Host for InProcess {
    fn abilities(&self) -> HostAbilities {
        let mut abilities = HostAbilities::ALL;
        abilities.pause = false;
        abilities
    }

    async fn start(&self) -> Result<Address> {
        let frontend = HttpFrontend::bind(HttpConfig::at((Ipv4Addr::LOCALHOST, 0).into())).await?;
        let socket = frontend.local_addr();
        let store = OwnStream::new(StreamName::main());
        let builder = Broker::builder().storage(self.store.clone()).layer(store.clone()).transport(frontend);
        let (broker, shutdown) = (builder.build()?, Shutdown::new());
        let signal = shutdown.clone();
        let task = tokio::spawn(async move { broker.run(signal).await });
        let address = Address::new(&format!("http://{socket}"), socket)?;
        *self.running.lock().unwrap() = Some(Running { task, shutdown, store, address: address.clone() });
        Ok(address)
    }

    async fn stop(&self) -> Result<()> {
        let Some(running) = self.take() else { return Ok(()) };
        running.shutdown.begin();
        let ended = tokio::time::timeout(PATIENCE, running.task).await;
        ended.expect("the broker did not stop").expect("the broker panicked")
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
