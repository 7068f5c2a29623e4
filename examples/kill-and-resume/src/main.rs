//! 6. Killed again and again, and nothing lost or doubled. `cargo run -p kill-and-resume`
//!
//! The program starts itself as a publisher that counts to 2,000 on a SQLite broker, kills it with SIGKILL at random moments,
//! and starts it again. The publisher knows nothing of its past: it publishes every number from 1 on with the number as event
//! id, and the ids make the repetition harmless. At the end the log is read: every number once, in order.

use eventweir::{
    Broker, ChannelName, Commit, Credentials, Error, ErrorKind, EventId, NewEvent, ReadQuery, Result,
    Selector, Session, Start,
};
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

const NUMBERS: u64 = 2000;
const BATCH: u64 = 10;

async fn open(file: &Path) -> Result<(Broker, Session)> {
    let storage = SqliteStorage::open(SqliteConfig::at(file)).await?;
    let broker = Broker::builder().storage(storage).build()?;
    let session = broker.session(&Credentials::Anonymous).await?;
    Ok((broker, session))
}

/// Publishes all numbers, those that are there already too.
async fn publish(file: &Path) -> Result<()> {
    let (broker, session) = open(file).await?;
    let numbers = ChannelName::new("/numbers")?;
    for first in (1..=NUMBERS).step_by(BATCH as usize) {
        let mut commit = Commit::new();
        for number in first..first + BATCH {
            let event = NewEvent::new(numbers.clone(), number.to_string());
            commit = commit.with_event(event.with_id(EventId::new(&format!("number-{number}"))?));
        }
        session.commit(commit).await?;
    }
    broker.close().await
}

fn start(file: &Path) -> Result<Child> {
    let failed = |error| Error::new(ErrorKind::Internal, "cannot start the publisher").with_source(error);
    Command::new(std::env::current_exe().map_err(failed)?).arg(file).spawn().map_err(failed)
}

/// Kills publishers until one gets through. Returns how many were killed.
async fn torment(file: &Path) -> Result<u32> {
    let failed = |error| Error::new(ErrorKind::Internal, "cannot watch the publisher").with_source(error);
    let mut killed = 0;
    loop {
        let mut publisher = start(file)?;
        // A random time to live from the ids that the SDK makes anyway, longer each round so that one gets through.
        let random = u64::from(EventId::generate().as_uuid().map_or(0, |bytes| bytes[15]));
        let mut left = Duration::from_millis(20 + random / 4 + u64::from(killed) * 40);
        while !left.is_zero() {
            if let Some(status) = publisher.try_wait().map_err(failed)? {
                let done = status.success().then_some(killed);
                return done.ok_or_else(|| Error::new(ErrorKind::Internal, "the publisher failed"));
            }
            let nap = left.min(Duration::from_millis(5));
            tokio::time::sleep(nap).await;
            left -= nap;
        }
        publisher.kill().map_err(failed)?;
        publisher.wait().map_err(failed)?;
        killed += 1;
    }
}

async fn check(file: &Path) -> Result<u64> {
    let (broker, session) = open(file).await?;
    let (mut place, mut expected) = (Start::Earliest, 0);
    loop {
        let page = session.read(&ReadQuery::new(Selector::all(), place).with_limit(500)).await?;
        for event in &page.events {
            expected += 1;
            if event.data != expected.to_string() || event.sequence.get() != expected {
                return Err(Error::new(ErrorKind::Internal, format!("{expected} is not where it belongs")));
            }
        }
        if !page.more {
            broker.close().await?;
            return Ok(expected);
        }
        place = Start::At(page.position());
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    if let Some(file) = std::env::args().nth(1) {
        return publish(Path::new(&file)).await;
    }
    let folder = tempfile::tempdir()
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot make a folder").with_source(error))?;
    let file = folder.path().join("events.db");
    let killed = torment(&file).await?;
    let found = check(&file).await?;
    println!("killed {killed} times; {found} of {NUMBERS} numbers in the log, each once and in order");
    if found == NUMBERS { Ok(()) } else { Err(Error::new(ErrorKind::Internal, "numbers are missing")) }
}
