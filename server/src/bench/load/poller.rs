//! Waiting for many connections at once.

use super::connection::Connection;
use crate::bench::machine::OrFail;
use crate::failure::Result;
use mio::{Events, Interest, Poll, Token};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

const BUFFER: usize = 256 << 10;
/// What is waited for without a time to keep.
const LONG: Duration = Duration::from_millis(100);
/// The last stretch before a time to keep is waited for awake, for the system's timers are no finer than this.
const TIMER: Duration = Duration::from_millis(1);

/// Holds connections, by number.
pub(super) struct Poller {
    poll: Poll,
    events: Events,
    pub(super) connections: Vec<Connection>,
    pub(super) buffer: Vec<u8>,
}

impl Poller {
    pub(super) fn new(connections: Vec<Connection>) -> Result<Self> {
        let poll = Poll::new().or_fail("connections cannot be polled")?;
        let mut poller =
            Self { poll, events: Events::with_capacity(1024), connections, buffer: vec![0; BUFFER] };
        for (number, connection) in poller.connections.iter_mut().enumerate() {
            let both = Interest::READABLE | Interest::WRITABLE;
            let registered = poller.poll.registry().register(&mut connection.stream, Token(number), both);
            registered.or_fail("a connection cannot be polled")?;
        }
        Ok(poller)
    }

    /// Waits until something arrives or `until` is there, sends what was left, and lists the connections to be read.
    pub(super) fn wait(&mut self, until: Option<Instant>, readable: &mut Vec<usize>) -> Result<()> {
        let left = until.map_or(LONG, |until| until.saturating_duration_since(Instant::now()).min(LONG));
        let nearly = left < TIMER;
        match self.poll.poll(&mut self.events, Some(if nearly { Duration::ZERO } else { left - TIMER })) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                return Err(error).or_fail("connections cannot be polled");
            }
            _ => {}
        }
        if nearly && self.events.is_empty() {
            std::thread::yield_now();
        }
        readable.clear();
        for event in &self.events {
            let number = event.token().0;
            if event.is_writable() {
                self.connections[number].flush()?;
            }
            if event.is_readable() {
                readable.push(number);
            }
        }
        Ok(())
    }
}
