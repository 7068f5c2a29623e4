//! The promise, under `kill -9`: nothing acknowledged is lost, nothing is delivered twice, sequences never fall, and every
//! reader sees exactly the log.
//!
//! A broker on a SQLite file is killed at random points while publishers repeat what was not acknowledged, by the same ids, and
//! readers go on from where they were. At the end everything is drained to a sentinel and compared.
//!
//! `WEIR_KILL_ROUNDS` sets how often it is killed (8), `WEIR_KILL_SEED` repeats a run's choices.

mod publishers;
mod random;
mod readers;
mod verdict;

use crate::support::{Broker, wait_until};
use publishers::Publisher;
use random::Random;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What all threads share.
#[derive(Clone)]
struct Scene {
    /// Where the broker is now; a restarted one has another port.
    address: Arc<Mutex<SocketAddr>>,
    acknowledged: Arc<AtomicU64>,
    finishing: Arc<AtomicBool>,
}

/// An event as a reader saw it, or as a publisher had it acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    sequence: u64,
    /// What was published: publisher and number, or the sentinel.
    data: String,
}

const SENTINEL: &str = "{\"end\":true}";

impl Scene {
    fn address(&self) -> SocketAddr {
        *self.address.lock().unwrap()
    }
}

#[test]
fn killed_at_random_points_it_loses_and_doubles_nothing() {
    let rounds = from_environment("WEIR_KILL_ROUNDS").unwrap_or(8);
    let seed = from_environment("WEIR_KILL_SEED").unwrap_or_else(random::seed);
    println!("WEIR_KILL_SEED={seed} WEIR_KILL_ROUNDS={rounds}");
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path(), &[]);
    let scene = Scene {
        address: Arc::new(Mutex::new(broker.address)),
        acknowledged: Arc::default(),
        finishing: Arc::default(),
    };
    let publishers: Vec<_> = (0..4).map(|number| Publisher::start(number, &scene)).collect();
    let readers = readers::start_all(&scene);
    let mut random = Random::new(seed);
    for _ in 0..rounds {
        broker = kill_and_restart(broker, folder.path(), &scene, &mut random);
    }
    scene.finishing.store(true, Ordering::SeqCst);
    let acknowledged: Vec<Seen> =
        publishers.into_iter().flat_map(|publisher| publisher.join().unwrap()).collect();
    publishers::publish_sentinel(&scene);
    let log = readers::read_log(&scene);
    verdict::check_log(&log, &acknowledged);
    for (name, reader) in readers {
        verdict::check_reader(name, &reader.join().unwrap(), &log);
    }
    println!("{} events, {rounds} kills: nothing lost, nothing doubled", log.len());
}

/// Kills the broker in the middle of its work, and starts another on its files.
fn kill_and_restart(mut broker: Broker, folder: &Path, scene: &Scene, random: &mut Random) -> Broker {
    let before = scene.acknowledged.load(Ordering::SeqCst);
    wait_until("this broker works", || scene.acknowledged.load(Ordering::SeqCst) > before);
    std::thread::sleep(Duration::from_millis(random.below(300)));
    broker.kill();
    let broker = Broker::start(folder, &[]);
    *scene.address.lock().unwrap() = broker.address;
    broker
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Does something again until it succeeds.
fn persist<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let mut done = None;
    wait_until(what, || {
        done = attempt();
        done.is_some()
    });
    done.unwrap()
}
