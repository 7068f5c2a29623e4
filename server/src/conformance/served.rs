//! Brokers that the suite starts, stops and kills: this program again, in processes of their own.

use super::place::Place;
use crate::config::Config;
use crate::failure::{Failure, Result};
use crate::{log, serve};
use eventweir::layers::StorageLayer;
use eventweir::{ChannelName, Error, ErrorKind, Storage, StreamName, async_trait};
use eventweir_conformance::clients::RemoteHost;
use eventweir_conformance::{Address, Host, HostAbilities, OwnStream, Process};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Names the variable that tells a broker its store: a command line is seen by other users, and a URL may hold a password.
const STORAGE: &str = "WEIR_CONFORMANCE_STORAGE";
/// Opening a store with a long log takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves one stream of the store that the variable names, as a broker's only one, until a signal ends it or its parent is gone.
pub(super) fn serve(stream: &str) -> Result<()> {
    let url = std::env::var(STORAGE).map_err(|_| Failure::usage(format!("{STORAGE} names no store")))?;
    let stream = StreamName::new(stream).map_err(|error| Failure::usage(error.message()))?;
    let mut config = Config::default();
    config.storage.url = url;
    config.http.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.log.level = "warn".to_owned();
    log::begin(&config.log)?;
    super::on_a_runtime(async {
        tokio::select! {
            served = serve_own(config, OwnStream::new(stream)) => served,
            () = orphaned() => Ok(()),
        }
    })
}

/// The layer does not close the store, which it does not own.
async fn serve_own(config: Config, own: OwnStream) -> Result<()> {
    let store = OnceLock::new();
    let layer = |storage: Arc<dyn Storage>| own.wrap(store.get_or_init(|| storage).clone());
    let served = serve::serve_through(config, layer).await;
    let closed = match store.get() {
        Some(store) => store.close().await.map_err(Failure::from),
        None => Ok(()),
    };
    served.and(closed)
}

/// Waits until the process that started this one is gone: nobody would end this one then.
async fn orphaned() {
    let parent = rustix::process::getppid();
    while rustix::process::getppid() == parent {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Hosts a broker over the store that is examined, in a stream that is its own, or its own and its sisters'.
#[derive(Debug)]
pub(super) struct WeirHost {
    place: Arc<Place>,
    stream: StreamName,
    /// Which one of those that share the stream.
    number: usize,
}

/// The brokers that run now. They are those of one stream at a time: a store may be open in one process only.
#[derive(Debug)]
pub(super) struct Running {
    stream: StreamName,
    brokers: BTreeMap<usize, Served>,
}

/// One broker, which may have ended.
#[derive(Debug)]
struct Served {
    process: Process,
    remote: RemoteHost,
}

impl Running {
    /// Ends the brokers, and then removes their stream: a broker that runs looks at its stream all the time, and looking makes it
    /// again.
    pub(super) async fn leave(mut self, place: &Place) -> eventweir::Result<()> {
        let ended = join_all(self.brokers.values_mut().map(Served::end)).await;
        ended.into_iter().collect::<eventweir::Result<()>>()?;
        // What cannot be removed now is tried again at the end of the run, and told there.
        let _ = place.remove([self.stream].into()).await;
        Ok(())
    }
}

impl Served {
    async fn end(&mut self) -> eventweir::Result<()> {
        // It may stand still, or be gone.
        let _ = self.process.resume();
        if self.process.terminate(PATIENCE).await.is_err() {
            self.process.kill().await.map_err(failed)?;
        }
        Ok(())
    }
}

impl WeirHost {
    pub(super) fn new(place: Arc<Place>) -> Self {
        Self { stream: place.invent(), place, number: 0 }
    }

    /// Makes three that share a stream.
    pub(super) fn three(place: &Arc<Place>) -> Vec<Self> {
        let stream = place.invent();
        (0..3).map(|number| Self { place: place.clone(), stream: stream.clone(), number }).collect()
    }

    async fn spawn(&self) -> std::io::Result<(Process, Address)> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["conformance", "--serve", self.stream.as_str()]).env(STORAGE, self.place.url());
        let mut process = Process::spawn(command)?;
        let line = process.next_line(PATIENCE).await?;
        let address = line.as_deref().and_then(address_in);
        // A process that ends without a word has complained.
        if address.is_none() {
            let _ = process.wait(PATIENCE).await;
        }
        let why = || std::io::Error::other(format!("the broker did not start: {}", process.complaints()));
        let address = address.ok_or_else(why)?;
        Ok((process, address))
    }

    /// Does something with the broker that runs.
    async fn with<T>(
        &self,
        act: impl AsyncFnOnce(&mut Served) -> eventweir::Result<T>,
    ) -> eventweir::Result<T> {
        let mut running = self.place.running.lock().await;
        let own = running.as_mut().filter(|running| running.stream == self.stream);
        let away = || Error::new(ErrorKind::Unavailable, "the broker was ended when another one was started");
        act(own.and_then(|running| running.brokers.get_mut(&self.number)).ok_or_else(away)?).await
    }
}

/// Reads where a broker is in its first line.
fn address_in(line: &str) -> Option<Address> {
    let url = line.strip_prefix("weir: http on ")?;
    let socket = url.strip_prefix("http://")?.parse().ok()?;
    Address::new(url, socket).ok()
}

fn failed(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, error.to_string())
}

#[async_trait]
impl Host for WeirHost {
    fn abilities(&self) -> HostAbilities {
        let mut abilities = HostAbilities::ALL;
        abilities.survives = self.place.outlives();
        abilities
    }

    async fn start(&self) -> eventweir::Result<Address> {
        let mut running = self.place.running.lock().await;
        if let Some(others) = running.take_if(|others| others.stream != self.stream) {
            others.leave(&self.place).await?;
        }
        self.place.own(&self.stream)?;
        let brokers = &mut running
            .get_or_insert_with(|| Running { stream: self.stream.clone(), brokers: BTreeMap::new() })
            .brokers;
        // What ended before lets go of the store first.
        brokers.remove(&self.number);
        let (process, address) = self.spawn().await.map_err(failed)?;
        let remote = RemoteHost::at(address.clone()).alone();
        brokers.insert(self.number, Served { process, remote });
        Ok(address)
    }

    async fn stop(&self) -> eventweir::Result<()> {
        self.with(async |served| served.process.terminate(PATIENCE).await.map(drop).map_err(failed)).await
    }

    async fn kill(&self) -> eventweir::Result<()> {
        self.with(async |served| served.process.kill().await.map(drop).map_err(failed)).await
    }

    async fn pause(&self) -> eventweir::Result<()> {
        self.with(async |served| served.process.pause().await.map_err(failed)).await
    }

    async fn resume(&self) -> eventweir::Result<()> {
        self.with(async |served| served.process.resume().map_err(failed)).await
    }

    async fn remove(&self, channel: &ChannelName) -> eventweir::Result<()> {
        self.with(async |served| served.remote.remove(channel).await).await
    }

    async fn trim(&self, keep: u64) -> eventweir::Result<()> {
        self.with(async |served| served.remote.trim(keep).await).await
    }

    async fn begin_anew(&self) -> eventweir::Result<()> {
        self.with(async |served| served.remote.begin_anew().await).await
    }

    async fn leave(&self) -> eventweir::Result<()> {
        let mut running = self.place.running.lock().await;
        match running.take_if(|running| running.stream == self.stream) {
            // Its sisters' end is its own: nobody uses the stream any more.
            Some(running) => running.leave(&self.place).await,
            None => Ok(()),
        }
    }
}
