//! A layer that makes a store fail.

use super::wakeups::disturb;
use super::{Dice, FaultRates};
use eventweir::layers::StorageLayer;
use eventweir::{
    Bounds, Catalog, ChannelInfo, ChannelName, Commit, Cursor, CursorName, Effect, Error, ErrorKind,
    JobStore, Page, Promises, ReadQuery, Receipt, Record, RecordKey, Result, Retention, Selector, Storage,
    StreamName, Timestamp, Trimmed, Usage, Wakeup, async_trait, catalog,
};
use futures_util::stream::BoxStream;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// Makes a store fail as a seed chooses: calls fail before and after they were carried out, take long or never return, and
/// wake-ups are lost, repeated and told late.
///
/// Every error says what is true: nothing was done, or it may have been. Only `close` always does what it is told. Clones share
/// their switch and their choices. It begins switched on.
#[derive(Clone, Debug)]
pub struct FaultLayer(Arc<Switchboard>);

impl FaultLayer {
    /// Makes a layer whose choices a seed repeats, as far as the calls come in the same order.
    pub fn new(seed: u64, rates: FaultRates) -> Self {
        Self(Arc::new(Switchboard {
            on: AtomicBool::new(true),
            rates,
            dice: Mutex::new(Dice::new(seed)),
            happened: AtomicU64::new(0),
        }))
    }

    /// Turns faults on or off. Off, everything passes; calls that hang already do so still.
    pub fn switch(&self, on: bool) {
        self.0.on.store(on, Ordering::Release);
    }

    /// Begins the choices of another seed.
    pub fn reseed(&self, seed: u64) {
        *self.0.dice.lock() = Dice::new(seed);
    }

    /// Returns how many calls and wake-ups had a fault so far.
    pub fn happened(&self) -> u64 {
        self.0.happened.load(Ordering::Acquire)
    }
}

impl StorageLayer for FaultLayer {
    fn wrap(&self, inner: Arc<dyn Storage>) -> Arc<dyn Storage> {
        Arc::new(Failing { inner, board: self.0.clone() })
    }
}

/// Decides what goes wrong.
#[derive(Debug)]
pub(super) struct Switchboard {
    on: AtomicBool,
    rates: FaultRates,
    dice: Mutex<Dice>,
    happened: AtomicU64,
}

impl Switchboard {
    pub(super) fn rates(&self) -> &FaultRates {
        &self.rates
    }

    /// Returns whether a fault happens that happens so often.
    pub(super) fn roll(&self, share: impl Fn(&FaultRates) -> f64) -> bool {
        let happens = self.on.load(Ordering::Acquire) && self.dice.lock().chance(share(&self.rates));
        self.count(happens);
        happens
    }

    fn count(&self, happens: bool) {
        self.happened.fetch_add(u64::from(happens), Ordering::AcqRel);
    }

    /// Chooses what happens to a call.
    fn plan(&self, call: Call) -> Plan {
        if !self.on.load(Ordering::Acquire) {
            return Plan::default();
        }
        let (rates, mut dice) = (&self.rates, self.dice.lock());
        let fault = Fault::choose(rates, call, dice.share());
        let delay = dice.chance(rates.delay).then(|| Duration::from_millis(dice.between(1, 50)));
        let plan = Plan { fault, delay, first: dice.chance(0.5) };
        self.count(plan.fault.is_some() || plan.delay.is_some());
        plan
    }
}

/// What happens to a call.
#[derive(Default)]
struct Plan {
    fault: Option<Fault>,
    delay: Option<Duration>,
    /// Whether it is delayed, or hangs, before it is carried out rather than after.
    first: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Full,
    Before,
    After,
    Hang,
}

impl Fault {
    /// Finds the fault whose part of 0 to 1 holds `throw`.
    fn choose(rates: &FaultRates, call: Call, throw: f64) -> Option<Self> {
        let full = if call == Call::Commit { rates.full } else { 0.0 };
        let parts = [
            (Self::Full, full),
            (Self::Before, rates.before),
            (Self::After, rates.after),
            (Self::Hang, rates.hang),
        ];
        let mut end = 0.0;
        parts.into_iter().find_map(|(fault, share)| {
            end += share;
            (throw < end).then_some(fault)
        })
    }
}

/// What kind of call fails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Commit,
    /// Another one that changes something.
    Change,
    Look,
}

/// A store that fails.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn Storage>,
    board: Arc<Switchboard>,
}

impl Failing {
    async fn through<T>(&self, call: Call, run: impl Future<Output = Result<T>>) -> Result<T> {
        let plan = self.board.plan(call);
        if plan.first {
            delay(&plan).await;
        }
        match plan.fault {
            Some(Fault::Full) => {
                return Err(Error::new(ErrorKind::StorageFull, "the store is made to be full"));
            }
            Some(Fault::Before) => return Err(failed("before it was carried out")),
            Some(Fault::Hang) if plan.first => return std::future::pending().await,
            _ => {}
        }
        let done = run.await?;
        match plan.fault {
            Some(Fault::After) => {
                let effect = if call == Call::Look { Effect::NotApplied } else { Effect::Unknown };
                return Err(failed("after it was carried out").with_effect(effect));
            }
            Some(Fault::Hang) => return std::future::pending().await,
            _ => {}
        }
        if !plan.first {
            delay(&plan).await;
        }
        Ok(done)
    }

    fn lists(&self) -> Result<&dyn Catalog> {
        catalog::required(&*self.inner)
    }
}

async fn delay(plan: &Plan) {
    if let Some(span) = plan.delay {
        sleep(span).await;
    }
}

fn failed(when: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the store is made to fail, {when}"))
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Storage for Failing {
    fn promises(&self) -> Promises {
        self.inner.promises()
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.through(Call::Commit, self.inner.commit(stream, commit)).await
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.through(Call::Look, self.inner.read(stream, query)).await
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.through(Call::Look, self.inner.bounds(stream)).await
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.through(Call::Look, self.inner.cursor(stream, name)).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.through(Call::Look, self.inner.record(stream, key)).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.through(Call::Change, self.inner.trim(stream, retention, now)).await
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        disturb(self.inner.wakeups(stream), self.board.clone())
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        self.inner.jobs()
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        self.inner.catalog().map(|_| self as &dyn Catalog)
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Catalog for Failing {
    async fn streams(&self) -> Result<Vec<StreamName>> {
        self.through(Call::Look, self.lists()?.streams()).await
    }
    async fn channels(
        &self,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        self.through(Call::Look, self.lists()?.channels(stream, selector, after, limit)).await
    }
    async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        self.through(Call::Look, self.lists()?.cursors(stream, after, limit)).await
    }
    async fn usage(&self, stream: &StreamName) -> Result<Usage> {
        self.through(Call::Look, self.lists()?.usage(stream)).await
    }
    async fn delete_channel(&self, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        self.through(Call::Change, self.lists()?.delete_channel(stream, channel)).await
    }
    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.through(Call::Change, self.lists()?.delete_stream(stream)).await
    }
}

#[cfg(test)]
mod tests;
