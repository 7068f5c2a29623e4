//! Loads within this process: publishers as tasks.

use super::figure::Sample;
use super::latency::Latency;
use super::machine::{self, OrFail};
use super::pace::{Pace, Schedule};
use crate::failure::Result;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

/// The last stretch before an operation's time is waited for awake, for timers are no finer than this.
const TIMER: Duration = Duration::from_millis(2);

/// Publishes by itself, as often as it is asked to.
pub(super) trait Publisher: Send + Sync + 'static {
    /// Publishes once, and returns when it is acknowledged.
    fn publish(&self) -> impl Future<Output = Result<()>> + Send;
}

/// Hands out the times of a schedule, one after the other.
struct Tickets {
    schedule: Schedule,
    next: Mutex<u64>,
}

impl Tickets {
    /// Waits for the time of the next operation, and returns it. One waits at a time; the others wait for their turn.
    async fn take(&self) -> Option<Instant> {
        let mut next = self.next.lock().await;
        let intended = self.schedule.intended(*next, Instant::now())?;
        *next += 1;
        wait_until(intended).await;
        Some(intended)
    }
}

async fn wait_until(time: Instant) {
    if let Some(long) = time.checked_duration_since(Instant::now() + TIMER) {
        tokio::time::sleep(long).await;
    }
    while Instant::now() < time {
        tokio::task::yield_now().await;
    }
}

/// Makes the runtime that loads run on: one thread for each core, as `weir serve` has.
pub(super) fn runtime() -> Result<Runtime> {
    let made = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    made.or_fail("the runtime cannot start")
}

/// Lets `publishers` tasks publish, first to warm up, then measured. `events` is how many one call publishes. Processor time
/// is that of this process, and of the server where there is one.
pub(super) async fn measure(
    publisher: &Arc<impl Publisher>,
    publishers: usize,
    events: u64,
    pace: Pace,
    (warm_up, time): (Duration, Duration),
    server: Option<u32>,
) -> Result<Sample> {
    load(publisher, publishers, Pace::Closed, warm_up).await?;
    let (before, begin) = (processor_time(server)?, Instant::now());
    let latency = load(publisher, publishers, pace, time).await?;
    let (spent, after) = (begin.elapsed(), processor_time(server)?);
    let done = (latency.answered * events) as f64;
    Ok(Sample {
        value: done / spent.as_secs_f64(),
        latency: Some(latency.all),
        processor: Some((after - before).as_secs_f64() * 1e6 / done),
    })
}

/// Returns the processor time of this process, and of a server.
pub(super) fn processor_time(server: Option<u32>) -> Result<Duration> {
    let server = server.map_or(Ok(Duration::ZERO), machine::processor_time)?;
    Ok(machine::processor_time(std::process::id())? + server)
}

struct Loaded {
    answered: u64,
    all: Latency,
}

async fn load(
    publisher: &Arc<impl Publisher>,
    publishers: usize,
    pace: Pace,
    time: Duration,
) -> Result<Loaded> {
    let schedule = Schedule::new(pace, Instant::now(), time);
    let tickets = Arc::new(Tickets { schedule, next: Mutex::new(0) });
    let tasks: Vec<_> = (0..publishers)
        .map(|_| tokio::spawn(publish_on_time(publisher.clone(), tickets.clone(), pace)))
        .collect();
    let mut all = Latency::new()?;
    for task in tasks {
        all.add(&task.await.or_fail("a publisher ended unexpectedly")??);
    }
    let answered = all.count();
    let now = Instant::now();
    schedule.missed(*tickets.next.lock().await).for_each(|intended| all.record(now - intended));
    Ok(Loaded { answered, all })
}

async fn publish_on_time(
    publisher: Arc<impl Publisher>,
    tickets: Arc<Tickets>,
    pace: Pace,
) -> Result<Latency> {
    let mut latency = Latency::new()?;
    loop {
        // A closed loop has nothing to share, so its publishers do not meet at the tickets.
        let intended = match pace {
            Pace::Closed => tickets.schedule.intended(0, Instant::now()),
            Pace::Open(_) => tickets.take().await,
        };
        let Some(intended) = intended else { return Ok(latency) };
        publisher.publish().await?;
        latency.record(intended.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Slow(Duration);

    impl Publisher for Slow {
        async fn publish(&self) -> Result<()> {
            tokio::time::sleep(self.0).await;
            Ok(())
        }
    }

    #[tokio::test]
    async fn an_open_loop_keeps_its_schedule_on_a_slow_target() {
        let (rate, time) = (200.0, Duration::from_millis(500));
        let slow = Arc::new(Slow(Duration::from_millis(50)));
        let loaded = load(&slow, 1, Pace::Open(rate), time).await.unwrap();
        let shown = loaded.all.percentiles().unwrap();
        // All 100 are in the percentiles, though the target could take about ten of them.
        assert_eq!(shown.count, 100);
        assert!(loaded.answered < 20, "{}", loaded.answered);
        // What the target did not take was waited for from its own time on.
        assert!(shown.p50 > 100_000.0, "{shown:?}");
    }

    #[tokio::test]
    async fn a_closed_loop_waits_for_its_target() {
        let slow = Arc::new(Slow(Duration::from_millis(20)));
        let loaded = load(&slow, 2, Pace::Closed, Duration::from_millis(200)).await.unwrap();
        assert_eq!(loaded.all.count(), loaded.answered);
        assert!(loaded.answered <= 22, "{}", loaded.answered);
        assert!(loaded.all.percentiles().unwrap().p50 >= 20_000.0);
    }
}
