//! One client of an event stream: what it is told, step by step.

use crate::{DataForm, SseConfig, frame};
use bytes::Bytes;
use eventweir::{Delivery, Error, ErrorKind, Position, Result, Subscription};
use eventweir_web::Problem;
use futures_core::Stream;
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// How long a stream goes on while the store does not answer, before it tells its client and ends.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pauses between two tries: the first, doubled from try to try up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);
const SHORTEST_HEARTBEAT: Duration = Duration::from_millis(10);

/// Turns a subscription into bytes. Holds its place and a timer: what was not sent stays in the log.
struct Follower {
    subscription: Subscription,
    form: DataForm,
    retry: Duration,
    heartbeat: Interval,
    phase: Phase,
    /// Whether a heartbeat came while there was something to deliver or to read.
    behind: bool,
    /// The last id that was sent.
    told: Option<Position>,
}

#[derive(Clone, Copy)]
enum Phase {
    Opening,
    Following,
    Failing(Failing),
    Ended,
}

#[derive(Clone, Copy)]
struct Failing {
    since: Instant,
    pause: Duration,
}

/// Streams what a subscription delivers, one chunk for each batch, until it ends.
///
/// Chunks are not gathered further: the server asks for more until nothing is ready or its buffer is full, and writes all in
/// one call, without copying what clients share.
pub(crate) fn chunks(
    subscription: Subscription,
    form: DataForm,
    config: &SseConfig,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + use<> {
    let follower = Follower::new(subscription, form, config);
    stream::unfold(follower, async |mut follower| {
        let bytes = follower.next().await?;
        Some((Ok(bytes), follower))
    })
}

impl Follower {
    fn new(subscription: Subscription, form: DataForm, config: &SseConfig) -> Self {
        let period = config.heartbeat.max(SHORTEST_HEARTBEAT);
        let mut heartbeat = interval_at(Instant::now() + period, period);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            subscription,
            form,
            retry: config.retry,
            heartbeat,
            phase: Phase::Opening,
            behind: false,
            told: None,
        }
    }

    /// Waits for the next bytes to send; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        match self.phase {
            Phase::Opening => return Some(self.open()),
            Phase::Following => {}
            Phase::Failing(failing) => tokio::time::sleep(failing.pause).await,
            Phase::Ended => return None,
        }
        if self.behind {
            // A heartbeat would begin the reading of a slow store anew, again and again.
            return match tokio::time::timeout(PATIENCE, self.subscription.next()).await {
                Ok(delivery) => self.tell(delivery?),
                Err(_) => self.beat().await,
            };
        }
        tokio::select! {
            biased;
            delivery = self.subscription.next() => self.tell(delivery?),
            _ = self.heartbeat.tick() => self.beat().await,
        }
    }

    fn open(&mut self) -> Bytes {
        self.phase = Phase::Following;
        self.told = self.subscription.position();
        frame::opening(self.retry, self.told)
    }

    fn tell(&mut self, delivery: Result<Delivery>) -> Option<Bytes> {
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(error) => return self.fail(error),
        };
        self.phase = Phase::Following;
        self.behind = false;
        Some(match delivery {
            Delivery::Events(batch) => {
                let last = batch.events().last().map(|event| event.sequence);
                self.told = last.map(|last| Position::new(batch.position().epoch, last));
                frame::batch(&batch, self.form)
            }
            Delivery::Gap(gap) => {
                self.told = self.subscription.position();
                frame::gap(&gap, self.told)
            }
            Delivery::Reset(reset) => {
                self.told = self.subscription.position();
                frame::reset(&reset, self.told)
            }
        })
    }

    /// Asks whether the client may still read, and tells how far the stream has come: events that do not match wake nobody.
    async fn beat(&mut self) -> Option<Bytes> {
        if let Err(error) = self.subscription.recheck().await {
            return self.fail(error);
        }
        let current = self.subscription.is_current();
        if self.behind && !current {
            return self.fail(Error::new(ErrorKind::Timeout, "the store does not answer"));
        }
        self.behind = !current;
        self.phase = Phase::Following;
        let position = self.subscription.position();
        let moved_to = position.filter(|_| position != self.told);
        self.told = position;
        Some(frame::heartbeat(moved_to))
    }

    /// Goes on trying for a while where that can help; else says why, and ends.
    fn fail(&mut self, error: Error) -> Option<Bytes> {
        if error.kind() == ErrorKind::Closed {
            return None;
        }
        let failing = match self.phase {
            Phase::Failing(Failing { since, pause }) => Failing { since, pause: LAST_PAUSE.min(pause * 2) },
            _ => Failing { since: Instant::now(), pause: FIRST_PAUSE },
        };
        if error.is_retryable() && failing.since.elapsed() < PATIENCE {
            self.phase = Phase::Failing(failing);
            return Some(frame::TRYING_AGAIN);
        }
        self.phase = Phase::Ended;
        Some(frame::error(&Problem::from(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventweir::*;
    use eventweir_memory::MemoryStorage;
    use futures_core::stream::BoxStream;
    use futures_util::StreamExt;
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn channel() -> ChannelName {
        ChannelName::new("/a").unwrap()
    }

    async fn session(broker: &Broker) -> Session {
        broker.session(&Credentials::Anonymous).await.unwrap()
    }

    async fn follow(session: &Session) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + use<> {
        let subscription = session.subscribe(Selector::exact(channel()), Start::Latest).await.unwrap();
        chunks(subscription, DataForm::Json, &SseConfig::default())
    }

    #[tokio::test]
    async fn an_idle_client_costs_little() {
        let broker = Broker::builder().storage(MemoryStorage::new()).build().unwrap();
        let stream = follow(&session(&broker).await).await;
        assert!(size_of_val(&stream) <= 1536, "{} bytes", size_of_val(&stream));
    }

    #[tokio::test]
    async fn clients_of_one_selection_share_their_bytes() {
        let broker = Broker::builder().storage(MemoryStorage::new()).build().unwrap();
        let session = session(&broker).await;
        let (mut one, mut other) = (pin!(follow(&session).await), pin!(follow(&session).await));
        one.next().await.unwrap().unwrap();
        other.next().await.unwrap().unwrap();
        for data in ["first", "second"] {
            session.publish(NewEvent::new(channel(), data)).await.unwrap();
        }
        let (one, other) = (one.next().await.unwrap().unwrap(), other.next().await.unwrap().unwrap());
        assert_eq!(one.as_ptr(), other.as_ptr());
        assert_eq!(one.windows(5).filter(|bytes| bytes == b"data:").count(), 2);
    }

    /// Takes its time for every read.
    #[derive(Debug)]
    struct Slow(MemoryStorage, Duration);

    #[async_trait]
    impl Storage for Slow {
        fn promises(&self) -> Promises {
            self.0.promises()
        }
        async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
            self.0.commit(stream, commit).await
        }
        async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
            tokio::time::sleep(self.1).await;
            self.0.read(stream, query).await
        }
        async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
            self.0.bounds(stream).await
        }
        async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
            self.0.cursor(stream, name).await
        }
        async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
            self.0.record(stream, key).await
        }
        async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
            self.0.trim(stream, retention, now).await
        }
        fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
            self.0.wakeups(stream)
        }
        fn jobs(&self) -> Option<&dyn JobStore> {
            None
        }
        fn catalog(&self) -> Option<&dyn Catalog> {
            self.0.catalog()
        }
        async fn close(&self) -> Result<()> {
            self.0.close().await
        }
    }

    /// Follows a slow store from its first event on, until that has come or the stream ends, and returns the last bytes.
    async fn first_from_store_that_takes(time: Duration) -> (Bytes, Duration) {
        let broker = Broker::builder().storage(Slow(MemoryStorage::new(), time)).build().unwrap();
        let session = session(&broker).await;
        session.publish(NewEvent::new(channel(), "x")).await.unwrap();
        let subscription = session.subscribe(Selector::exact(channel()), Start::Earliest).await.unwrap();
        let mut stream = pin!(chunks(subscription, DataForm::Json, &SseConfig::default()));
        let begin = Instant::now();
        let mut last = Bytes::new();
        while let Some(bytes) = stream.next().await {
            last = bytes.unwrap();
            if last.starts_with(b"id: ") {
                break;
            }
        }
        (last, begin.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_slower_than_the_heartbeat_still_gets_to_its_end() {
        let (bytes, spent) = first_from_store_that_takes(Duration::from_secs(20)).await;
        assert!(bytes.starts_with(b"id: "), "{bytes:?}");
        assert!(spent < Duration::from_secs(60), "{spent:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_hangs_is_told() {
        let (bytes, spent) = first_from_store_that_takes(Duration::from_secs(86_400)).await;
        assert!(bytes.starts_with(b"event: error\ndata: {"), "{bytes:?}");
        assert!(spent < Duration::from_secs(120), "{spent:?}");
    }

    /// Says that it cannot tell, once it is told to.
    #[derive(Debug)]
    struct Unsure(&'static AtomicBool);

    #[async_trait]
    impl Auth for Unsure {
        async fn authenticate(&self, _: &Credentials) -> Result<Principal> {
            Ok(Principal::anonymous())
        }
        async fn authorize(&self, _: &Principal, _: &Action<'_>) -> Result<()> {
            match self.0.load(Ordering::SeqCst) {
                true => Err(Error::new(ErrorKind::Unavailable, "the directory does not answer")),
                false => Ok(()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn patience_is_bounded_and_its_end_is_told() {
        static UNSURE: AtomicBool = AtomicBool::new(false);
        let mut limits = Limits::default();
        limits.recheck = Duration::ZERO;
        let builder = Broker::builder().storage(MemoryStorage::new()).auth(Unsure(&UNSURE)).limits(limits);
        let broker = builder.build().unwrap();
        let session = session(&broker).await;
        let mut stream = pin!(follow(&session).await);
        stream.next().await.unwrap().unwrap();
        session.publish(NewEvent::new(channel(), "x")).await.unwrap();
        UNSURE.store(true, Ordering::SeqCst);
        let begin = Instant::now();
        let mut all = Vec::new();
        while let Some(bytes) = stream.next().await {
            all.push(bytes.unwrap());
        }
        let spent = begin.elapsed();
        assert!(spent >= PATIENCE && spent <= PATIENCE + LAST_PAUSE, "{spent:?}");
        let last = all.pop().unwrap();
        assert!(last.starts_with(b"event: error\ndata: {"), "{last:?}");
        assert!(all.len() < 30 && all.iter().all(|bytes| *bytes == frame::TRYING_AGAIN), "{all:?}");
    }
}
