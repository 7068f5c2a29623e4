//! How soon a publication on one broker is seen on another.

use crate::running::{PATIENCE, Running, channel, event, events};
use crate::store::redis;
use eventweir_test_servers::mongo::MongoServer;
use eventweir_test_servers::redis::RedisServer;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How many publications are timed.
const SAMPLES: usize = 60;
/// Only a wake-up brings an event sooner than this; generous beyond that, since the machine is busy.
const LONG_POLL: Duration = Duration::from_secs(5);
const WOKEN: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread")]
async fn on_redis_a_publication_wakes_the_readers_of_other_brokers() {
    let server = redis().await;
    let samples = samples_at(&server.url(), SAMPLES).await;
    print("redis, woken", &samples);
    expect_woken(&samples);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mongo_a_publication_wakes_the_readers_of_other_brokers() {
    let server = MongoServer::start().await.unwrap();
    let samples = samples_at(&server.uri(), SAMPLES).await;
    print("mongo, woken", &samples);
    expect_woken(&samples);
}

/// Fails unless most are soon, and none has waited for a poll: not the first either, which comes while wake-ups begin to be heard.
fn expect_woken(samples: &[Sample]) {
    assert!(median(samples) < WOKEN, "{samples:?}");
    assert!(samples.iter().all(|sample| sample.seen < LONG_POLL / 2), "{samples:?}");
}

/// Nobody may subscribe any more, and those who have are cut off: no hint gets through.
#[tokio::test(flavor = "multi_thread")]
async fn without_any_wake_up_the_poll_finds_it() {
    let (server, poll) = (redis().await, Duration::from_secs(1));
    let running = Running::start(&server.url(), "1s").await;
    deafen(&server).await;
    let samples = samples_of(&running, 10).await;
    print("redis, every wake-up lost, poll of 1 s", &samples);
    assert!(samples.iter().all(|sample| sample.seen < poll + Duration::from_secs(2)), "{samples:?}");
    // Each look is a second after the one before, and nothing else found anything.
    assert!(median(&samples) > WOKEN, "wake-ups still come: {samples:?}");
}

async fn deafen(server: &RedisServer) {
    server.ask(&["ACL", "SETUSER", "default", "-subscribe", "-ssubscribe", "-psubscribe"]).await.unwrap();
    let end = Instant::now() + PATIENCE;
    // A client that was just about to subscribe has done so by the next look.
    let mut quiet = 0;
    while quiet < 5 {
        assert!(Instant::now() < end, "somebody still subscribes");
        let killed = server.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap();
        quiet = if killed.number() == Some(0) { quiet + 1 } else { 0 };
        sleep(Duration::from_millis(20)).await;
    }
}

/// How long a publication took, from the moment it was sent.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Until its publisher was answered.
    acknowledged: Duration,
    /// Until a follower of another broker had it.
    seen: Duration,
}

async fn samples_at(url: &str, count: usize) -> Vec<Sample> {
    let running = Running::start(url, &format!("{}s", LONG_POLL.as_secs())).await;
    samples_of(&running, count).await
}

/// Publishes on the first broker, one event after the other, and follows on the second.
async fn samples_of(running: &Running, count: usize) -> Vec<Sample> {
    let channel = channel("/latency");
    let mut publisher = running.publisher(0).await;
    let mut follower = running.follower(1, &channel).await;
    let mut samples = Vec::new();
    for number in 0..count {
        let sent = Instant::now();
        publisher.publish(&[event(&channel, number)]).await.unwrap();
        let acknowledged = sent.elapsed();
        assert_eq!(events(&mut *follower, 1).await, [number.to_string()]);
        samples.push(Sample { acknowledged, seen: sent.elapsed() });
        // Not in step with any poll.
        sleep(Duration::from_millis(7 + number as u64 % 11)).await;
    }
    samples
}

fn sorted(samples: &[Sample], what: impl Fn(&Sample) -> Duration) -> Vec<Duration> {
    let mut times: Vec<_> = samples.iter().map(what).collect();
    times.sort();
    times
}

/// Returns how soon half of the publications were seen.
fn median(samples: &[Sample]) -> Duration {
    sorted(samples, |sample| sample.seen)[samples.len() / 2]
}

fn print(what: &str, samples: &[Sample]) {
    let at = |times: &[Duration], share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    let (acknowledged, seen) =
        (sorted(samples, |sample| sample.acknowledged), sorted(samples, |sample| sample.seen));
    eprintln!(
        "{what}: acknowledged in {:.1} ms at the median; seen on another broker in {:.1} ms at the median, {:.1} ms at 90 %, {:.1} ms at \
         most, of {}",
        at(&acknowledged, 50),
        at(&seen, 50),
        at(&seen, 90),
        at(&seen, 100),
        seen.len()
    );
}
