//! Stores on a bench: opened by a harness whose types are forgotten, so that the properties are compiled once.

use super::stream::{StreamClient, StreamNames};
use super::watch;
use crate::property::{remembers_ids, wakes};
use crate::{Failure, Harness, Needs, Options};
use async_trait::async_trait;
use eventweir::{Durability, ErrorKind, Promises, Result, Storage, StreamName, clock::ManualClock};
use parking_lot::Mutex;
use std::process::Command;
use std::sync::{Arc, OnceLock};

/// Opens benches, for one property.
pub(crate) struct Lab {
    opener: Arc<dyn Opener>,
    pub(crate) options: Options,
    /// Stores whose clients were handed out without their bench: their guards live until the property is done.
    kept: Mutex<Vec<Box<dyn Opened>>>,
    names: StreamNames,
}

impl Lab {
    pub(crate) fn new(opener: Arc<dyn Opener>, options: Options) -> Self {
        Self { opener, options, kept: Mutex::default(), names: StreamNames::default() }
    }

    /// Asks a fresh store what it promises; `None` when there is none to be had.
    pub(crate) async fn promises(&self) -> Option<Promises> {
        Some(self.opener.open().await.ok()?.storage().promises())
    }

    /// Returns why a property is skipped, when it is.
    pub(crate) async fn unmet(&self, needs: &[Needs]) -> Result<Option<String>, Failure> {
        if needs.is_empty() {
            return Ok(None);
        }
        let bench = self.open().await?;
        let mut missing = None;
        for need in needs {
            missing = missing.or(self.lacks(*need, &bench).await?);
        }
        Ok(missing)
    }

    async fn lacks(&self, need: Needs, bench: &Bench) -> Result<Option<String>, Failure> {
        let promises = bench.promises();
        let (met, why) = match need {
            Needs::Ids => (remembers_ids(promises.dedup), "it does not promise to recognise repeated ids"),
            Needs::Durability => (bench.survives(), "it promises to survive nothing (volatile)"),
            Needs::Catalog => (bench.client.storage.catalog().is_some(), "it has no catalog"),
            Needs::Wakeups => (wakes(promises.wakeup), "it promises no wake-ups"),
            Needs::Place => (
                bench.opened.place().is_some() && self.opener.child().is_some(),
                "its harness names no place where another process finds the store",
            ),
            Needs::Small => (self.small().await?.is_some(), "its harness makes no small store"),
            Needs::Clock => {
                let clock = ManualClock::at(eventweir::Timestamp::now());
                (self.with_clock(clock).await?.is_some(), "its harness makes no store with a clock of ours")
            }
            _ => (false, "it concerns brokers"),
        };
        Ok((!met).then(|| why.to_owned()))
    }

    /// Opens a fresh store, with a stream that nobody used before.
    pub(crate) async fn open(&self) -> Result<Bench, Failure> {
        let opened = self.opener.open().await;
        let opened = opened.map_err(|error| Failure::from(error).at("opening a fresh store"))?;
        let bench = self.bench(opened);
        bench.expect_unused().await?;
        Ok(bench)
    }

    fn bench(&self, opened: Box<dyn Opened>) -> Bench {
        let client = StreamClient::new(opened.storage(), self.names.invent(), self.names.clone());
        Bench { client, opened }
    }

    /// Opens a fresh store that is full after some megabytes, if the harness can.
    pub(crate) async fn small(&self) -> Result<Option<Bench>, Failure> {
        let opened = self.opener.small().await;
        let opened = opened.map_err(|error| Failure::from(error).at("opening a small store"))?;
        Ok(opened.map(|opened| self.bench(opened)))
    }

    /// Opens a fresh store with a clock, if the harness can.
    pub(crate) async fn with_clock(&self, clock: ManualClock) -> Result<Option<Bench>, Failure> {
        let opened = self.opener.with_clock(clock).await;
        let opened = opened.map_err(|error| Failure::from(error).at("opening a store with a clock"))?;
        Ok(opened.map(|opened| self.bench(opened)))
    }

    /// Opens a fresh store that is never opened again, and returns a client on a stream that nobody used before.
    pub(crate) async fn client(&self) -> Result<StreamClient, Failure> {
        let Bench { client, opened } = self.open().await?;
        self.kept.lock().push(opened);
        Ok(client)
    }

    /// Opens the store at a place once more, beside whoever has it open.
    pub(crate) async fn open_beside(&self, place: &str) -> Result<Arc<dyn Storage>> {
        self.opener.open_beside(place).await
    }

    /// Makes the command of a process that serves the store at a place.
    pub(crate) fn child(&self, place: &str) -> Option<Command> {
        self.opener.child().map(|command| command(place))
    }

    /// Removes the streams that the property made, where they can be removed.
    pub(crate) async fn leave(&self) -> Result<(), Failure> {
        self.kept.lock().clear();
        let invented = self.names.take();
        if invented.is_empty() {
            return Ok(());
        }
        // A store of its own has nothing of that; a server that stores share has.
        let opened = self
            .opener
            .open()
            .await
            .map_err(|error| Failure::from(error).at("opening a store to tidy up"))?;
        remove(&*opened.storage(), &invented)
            .await
            .map_err(|error| Failure::from(error).at("removing what the suite made"))
    }
}

/// Removes streams, of which most stores have none.
async fn remove(storage: &dyn Storage, invented: &[StreamName]) -> Result<()> {
    let Some(catalog) = storage.catalog() else { return Ok(()) };
    for stream in catalog.streams().await?.iter().filter(|stream| invented.contains(stream)) {
        catalog.delete_stream(stream).await?;
    }
    Ok(())
}

/// Holds a store, and a client on a stream of its own.
pub(crate) struct Bench {
    pub(crate) client: StreamClient,
    opened: Box<dyn Opened>,
}

impl Bench {
    /// Goes on in the same stream of a store that was opened again.
    fn again(opened: Box<dyn Opened>, stream: StreamName, names: StreamNames) -> Self {
        Self { client: StreamClient::new(opened.storage(), stream, names), opened }
    }

    pub(crate) fn promises(&self) -> Promises {
        self.client.storage.promises()
    }

    /// Returns whether the driver promises to survive being reopened.
    pub(crate) fn survives(&self) -> bool {
        self.promises().durability > Durability::Volatile
    }

    /// Says where another process finds the store.
    pub(crate) fn place(&self) -> Option<String> {
        self.opened.place()
    }

    /// Ends the store and opens it again. Every other handle on it must be gone.
    pub(crate) async fn reopen(self) -> Result<Self, Failure> {
        let Self { client, opened } = self;
        let durability = client.storage.promises().durability;
        let (stream, names) = client.place();
        let reopened = opened.reopen().await?.ok_or_else(|| {
            Failure::new(format!(
                "the driver promises the durability {:?}, but its harness cannot reopen it",
                durability.as_str()
            ))
        })?;
        Ok(Self::again(reopened, stream, names))
    }

    /// Ends the store, and opens it again once `meanwhile` is done: another process may have it until then.
    pub(crate) async fn lend<T>(
        self,
        meanwhile: impl Future<Output = Result<T, Failure>>,
    ) -> Result<(Self, T), Failure> {
        let Self { client, opened } = self;
        let (stream, names) = client.place();
        let lent = opened.lend().await?;
        let found = meanwhile.await?;
        let opened = lent.open().await.map_err(|error| Failure::from(error).at("opening the store again"))?;
        Ok((Self::again(opened, stream, names), found))
    }

    /// A stream with a new name must be empty, in a store that works.
    async fn expect_unused(&self) -> Result<(), Failure> {
        let bounds = self.client.storage.bounds(&self.client.stream).await;
        match bounds {
            Ok(bounds) if bounds.head == eventweir::Sequence::ZERO => Ok(()),
            Ok(bounds) => Err(Failure::of(
                crate::Law::Isolation,
                format!(
                    "a stream whose name nobody has used holds events up to {}: either the harness hands out a store that \
                     others write to under any name, or the driver does not tell streams apart",
                    bounds.head
                ),
            )),
            Err(error) if error.kind() == ErrorKind::Closed => Err(Failure::of(
                crate::Law::Isolation,
                "a fresh store is closed already: the harness hands out a store that another property has closed; `fresh` must \
                 open one each time",
            )),
            Err(error) => Err(Failure::from(error).at("the first look at a fresh store")),
        }
    }
}

/// Makes the command of a process that serves the store at a place.
pub(crate) type ChildCommand = Arc<dyn Fn(&str) -> Command + Send + Sync>;

#[async_trait]
pub(crate) trait Opener: Send + Sync {
    async fn open(&self) -> Result<Box<dyn Opened>>;
    async fn small(&self) -> Result<Option<Box<dyn Opened>>>;
    async fn with_clock(&self, clock: ManualClock) -> Result<Option<Box<dyn Opened>>>;
    async fn open_beside(&self, place: &str) -> Result<Arc<dyn Storage>>;
    fn set_child(&self, command: ChildCommand);
    fn child(&self) -> Option<&ChildCommand>;
}

/// A store that is open.
#[async_trait]
pub(crate) trait Opened: Send + Sync {
    /// Returns a handle on which no call waits for ever.
    fn storage(&self) -> Arc<dyn Storage>;
    fn place(&self) -> Option<String>;
    /// Returns `None` when the harness cannot.
    async fn reopen(self: Box<Self>) -> Result<Option<Box<dyn Opened>>, Failure>;
    /// Closes the store, so that another process may have it.
    async fn lend(self: Box<Self>) -> Result<Box<dyn Lent>, Failure>;
}

/// A store that is closed for a time.
#[async_trait]
pub(crate) trait Lent: Send {
    async fn open(self: Box<Self>) -> Result<Box<dyn Opened>>;
}

pub(crate) struct HarnessOpener<H> {
    harness: Arc<H>,
    child: OnceLock<ChildCommand>,
}

impl<H: Harness> HarnessOpener<H> {
    pub(crate) fn new(harness: H) -> Self {
        Self { harness: Arc::new(harness), child: OnceLock::new() }
    }

    fn opened(&self, storage: H::Storage, guard: H::Guard) -> Box<dyn Opened> {
        Box::new(HarnessOpened { storage: Arc::new(storage), guard, harness: self.harness.clone() })
    }
}

#[async_trait]
impl<H: Harness> Opener for HarnessOpener<H> {
    async fn open(&self) -> Result<Box<dyn Opened>> {
        let (storage, guard) = watch::opening(self.harness.fresh()).await?;
        Ok(self.opened(storage, guard))
    }

    async fn small(&self) -> Result<Option<Box<dyn Opened>>> {
        let small = watch::opening(self.harness.small()).await?;
        Ok(small.map(|(storage, guard)| self.opened(storage, guard)))
    }

    async fn with_clock(&self, clock: ManualClock) -> Result<Option<Box<dyn Opened>>> {
        let store = watch::opening(self.harness.with_clock(clock)).await?;
        Ok(store.map(|(storage, guard)| self.opened(storage, guard)))
    }

    async fn open_beside(&self, place: &str) -> Result<Arc<dyn Storage>> {
        let storage = watch::opening(self.harness.open(place)).await?;
        Ok(watch::watched(Arc::new(storage)))
    }

    fn set_child(&self, command: ChildCommand) {
        // The first one stays: a subject has one.
        let _ = self.child.set(command);
    }

    fn child(&self) -> Option<&ChildCommand> {
        self.child.get()
    }
}

/// A store that nobody else holds, its guard and its harness.
type Taken<H> = (<H as Harness>::Storage, <H as Harness>::Guard, Arc<H>);

/// Fields are dropped in this order: the guard outlives the store.
struct HarnessOpened<H: Harness> {
    storage: Arc<H::Storage>,
    guard: H::Guard,
    harness: Arc<H>,
}

impl<H: Harness> HarnessOpened<H> {
    /// Returns the one handle that there is, and what goes with it.
    fn take(self) -> Result<Taken<H>, Failure> {
        let Self { storage, guard, harness } = self;
        let storage = Arc::try_unwrap(storage)
            .map_err(|_| Failure::new("the suite itself still holds the store that it wants to end"))?;
        Ok((storage, guard, harness))
    }
}

#[async_trait]
impl<H: Harness> Opened for HarnessOpened<H> {
    fn storage(&self) -> Arc<dyn Storage> {
        watch::watched(self.storage.clone())
    }

    fn place(&self) -> Option<String> {
        self.harness.place(&self.guard)
    }

    async fn reopen(self: Box<Self>) -> Result<Option<Box<dyn Opened>>, Failure> {
        let (old, guard, harness) = self.take()?;
        let reopened = watch::opening(harness.reopen(old, &guard)).await;
        let storage = reopened.map_err(|error| Failure::from(error).at("reopening the store"))?;
        Ok(storage
            .map(|storage| Box::new(Self { storage: Arc::new(storage), guard, harness }) as Box<dyn Opened>))
    }

    async fn lend(self: Box<Self>) -> Result<Box<dyn Lent>, Failure> {
        let (old, guard, harness) = self.take()?;
        old.close().await.map_err(|error| Failure::from(error).at("closing the store"))?;
        drop(old);
        Ok(Box::new(HarnessLent { guard, harness }))
    }
}

struct HarnessLent<H: Harness> {
    guard: H::Guard,
    harness: Arc<H>,
}

#[async_trait]
impl<H: Harness> Lent for HarnessLent<H> {
    async fn open(self: Box<Self>) -> Result<Box<dyn Opened>> {
        let Self { guard, harness } = *self;
        let place = harness.place(&guard).unwrap_or_default();
        let storage = Arc::new(watch::opening(harness.open(&place)).await?);
        Ok(Box::new(HarnessOpened { storage, guard, harness }))
    }
}
