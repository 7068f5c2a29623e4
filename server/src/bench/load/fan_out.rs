//! One publisher's events to many subscribers.

use super::answers::Answers;
use super::connection::{Connection, Subscriber};
use super::poller::Poller;
use crate::bench::data::MARK;
use crate::bench::latency::Latency;
use crate::bench::pace::{Pace, Schedule};
use crate::failure::{Failure, Result};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// When nothing arrives for so long, what is missing will not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Publishes over some connections and counts what arrives over many others.
///
/// The publisher stays at most a window of events ahead of the slowest subscriber, so that the rate is one which every
/// subscriber holds.
pub(in crate::bench) struct FanOut {
    poller: Poller,
    /// What each subscriber has received. Its connections come first, those of the publisher after them.
    received: Vec<u64>,
    answers: Vec<Answers>,
    free: Vec<usize>,
    publish: Vec<u8>,
    events_per_request: u64,
    window: u64,
    sent: u64,
    bytes: u64,
}

/// Says when publishing ends. Everything published is waited for.
#[derive(Clone, Copy, Debug)]
pub(in crate::bench) enum Until {
    Time(Duration),
    Events(u64),
}

/// Holds what a load gave.
#[derive(Debug)]
pub(in crate::bench) struct Delivered {
    pub(in crate::bench) deliveries: u64,
    pub(in crate::bench) spent: Duration,
    /// From publishing an event until the last subscriber had as many.
    pub(in crate::bench) to_last: Latency,
    /// Bytes of the event stream for each delivery.
    pub(in crate::bench) frame_bytes: f64,
}

impl FanOut {
    /// Publishes over `publishers` connections, to subscribers that are there. `publish` is a request that publishes
    /// `events_per_request` events.
    pub(in crate::bench) fn open(
        address: SocketAddr,
        subscribers: Vec<Subscriber>,
        publishers: usize,
        publish: Vec<u8>,
        (events_per_request, window): (u64, u64),
    ) -> Result<Self> {
        let count = subscribers.len();
        let subscribed = subscribers.into_iter().map(Connection::follow);
        let publishing = (0..publishers).map(|_| Connection::open(address));
        Ok(Self {
            poller: Poller::new(subscribed.chain(publishing).collect::<Result<_>>()?)?,
            received: vec![0; count],
            answers: (0..publishers).map(|_| Answers::default()).collect(),
            free: (0..publishers).collect(),
            publish,
            events_per_request,
            window: window.max(events_per_request),
            sent: 0,
            bytes: 0,
        })
    }

    /// Publishes until it is over, and waits until every subscriber has everything.
    ///
    /// # Errors
    /// When events do not arrive, or arrive more than once.
    pub(in crate::bench) fn run(&mut self, pace: Pace, until: Until) -> Result<Delivered> {
        let (begin, bytes, before) = (Instant::now(), self.bytes, self.sent);
        let (time, most) = match until {
            Until::Time(time) => (time, u64::MAX),
            Until::Events(events) => (Duration::from_secs(600), before + events),
        };
        let schedule = Schedule::new(pace, begin, time);
        let mut under_way = VecDeque::new();
        let (mut to_last, mut issued, mut readable) = (Latency::new()?, 0, Vec::new());
        let (mut slowest, mut now) = (before, begin);
        let mut moved = begin;
        loop {
            let mut wake = None;
            while self.sent < most && self.sent + self.events_per_request - slowest <= self.window {
                let Some(publisher) = self.free.last().copied() else { break };
                let Some(intended) = schedule.intended(issued, now) else { break };
                if intended > now {
                    wake = Some(intended);
                    break;
                }
                self.free.pop();
                self.poller.connections[self.received.len() + publisher].send(&self.publish)?;
                self.sent += self.events_per_request;
                under_way.push_back((self.sent, intended));
                issued += 1;
            }
            if slowest == self.sent && (now >= schedule.end() || self.sent >= most) {
                break;
            }
            self.poller.wait(wake, &mut readable)?;
            now = Instant::now();
            for number in readable.drain(..) {
                self.receive(number)?;
            }
            let least = self.received.iter().copied().min().unwrap_or(self.sent);
            if least > slowest {
                (slowest, moved) = (least, now);
            }
            while let Some((_, intended)) = under_way.pop_front_if(|(last, _)| *last <= slowest) {
                to_last.record(now.saturating_duration_since(intended));
            }
            if now.saturating_duration_since(moved) > PATIENCE {
                let missing = self.sent - slowest;
                return Err(Failure::failed(format!("{missing} of {} events do not arrive", self.sent)));
            }
        }
        let deliveries = (self.sent - before) * self.received.len() as u64;
        Ok(Delivered {
            deliveries,
            spent: moved.saturating_duration_since(begin),
            to_last,
            frame_bytes: (self.bytes - bytes) as f64 / deliveries.max(1) as f64,
        })
    }

    fn receive(&mut self, number: usize) -> Result<()> {
        let Poller { connections, buffer, .. } = &mut self.poller;
        let connection = &mut connections[number];
        let Some(received) = self.received.get_mut(number) else {
            let publisher = number - self.received.len();
            return connection.receive(buffer, |bytes| {
                if self.answers[publisher].take(bytes)? {
                    self.free.push(publisher);
                }
                Ok(())
            });
        };
        connection.receive(buffer, |bytes| {
            self.bytes += bytes.len() as u64;
            *received += memchr::memchr_iter(MARK, bytes).count() as u64;
            Ok(())
        })?;
        match *received > self.sent {
            true => Err(Failure::failed(format!("a subscriber has {received} of {} events", self.sent))),
            false => Ok(()),
        }
    }
}
