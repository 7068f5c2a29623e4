//! Redis servers: one alone, a set under Sentinel, a cluster.

mod cluster;
mod options;
mod ports;
mod resp;
mod sentinel;
mod server;

pub use cluster::RedisCluster;
pub use options::RedisOptions;
pub use resp::Reply;
pub use sentinel::RedisSentinel;
pub use server::RedisServer;

use std::io;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Asks until the answer is yes. An error counts as no, and is told when there is no more time.
async fn wait_until(what: &str, mut asked: impl AsyncFnMut() -> io::Result<bool>) -> io::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = asked().await;
        if matches!(answer, Ok(true)) {
            return Ok(());
        }
        if Instant::now() > end {
            let why = format!("{what}: not in {} s ({answer:?})", PATIENCE.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        sleep(LOOK).await;
    }
}

/// What a few servers agree on takes them seconds, longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
