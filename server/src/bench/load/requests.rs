//! Requests and answers: each connection has one under way.

use super::answers::Answers;
use super::connection::Connection;
use super::poller::Poller;
use crate::bench::latency::Latency;
use crate::bench::pace::{Pace, Schedule};
use crate::failure::{Failure, Result};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A server that answers nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends requests over keep-alive connections.
pub(in crate::bench) struct Requests {
    poller: Poller,
    answers: Vec<Answers>,
    /// When the request under way was to begin, by connection.
    begun: Vec<Option<Instant>>,
    requests: Vec<Vec<u8>>,
    sent: usize,
}

/// Holds what a load of requests gave.
#[derive(Debug)]
pub(in crate::bench) struct Answered {
    pub(in crate::bench) count: u64,
    pub(in crate::bench) spent: Duration,
    pub(in crate::bench) latency: Latency,
}

impl Requests {
    /// Opens connections, over which `requests` are sent one after the other, again and again.
    pub(in crate::bench) fn open(
        address: SocketAddr,
        connections: usize,
        requests: Vec<Vec<u8>>,
    ) -> Result<Self> {
        let opened = (0..connections).map(|_| Connection::open(address)).collect::<Result<_>>()?;
        Ok(Self {
            poller: Poller::new(opened)?,
            answers: (0..connections).map(|_| Answers::default()).collect(),
            begun: vec![None; connections],
            requests,
            sent: 0,
        })
    }

    /// Sends at a pace for a time. In an open loop, what was not answered by the end counts as having taken that long.
    pub(in crate::bench) fn run(&mut self, pace: Pace, time: Duration) -> Result<Answered> {
        self.settle()?;
        let begin = Instant::now();
        let schedule = Schedule::new(pace, begin, time);
        let mut free: Vec<usize> = (0..self.begun.len()).collect();
        let (mut count, mut issued, mut latency) = (0, 0, Latency::new()?);
        let (mut readable, mut heard) = (Vec::new(), begin);
        let mut now = begin;
        while now < schedule.end() {
            let mut wake = schedule.end();
            while let (Some(number), Some(intended)) = (free.last().copied(), schedule.intended(issued, now))
            {
                if intended > now {
                    wake = intended;
                    break;
                }
                self.send(number, intended)?;
                free.pop();
                issued += 1;
            }
            self.poller.wait(Some(wake), &mut readable)?;
            now = Instant::now();
            for number in readable.drain(..) {
                if let Some(intended) = self.receive(number)? {
                    latency.record(now.saturating_duration_since(intended));
                    free.push(number);
                    count += 1;
                    heard = now;
                }
            }
            if now.saturating_duration_since(heard) > PATIENCE && free.len() < self.begun.len() {
                return Err(Failure::failed("the server under test does not answer any more"));
            }
        }
        if pace != Pace::Closed {
            let waiting = self.begun.iter().flatten().copied();
            waiting.chain(schedule.missed(issued)).for_each(|intended| latency.record(now - intended));
        }
        Ok(Answered { count, spent: now - begin, latency })
    }

    fn send(&mut self, number: usize, intended: Instant) -> Result<()> {
        let request = &self.requests[self.sent % self.requests.len()];
        self.sent += 1;
        self.begun[number] = Some(intended);
        self.poller.connections[number].send(request)
    }

    /// Reads what arrived; when that ends an answer, returns when its request was to begin.
    fn receive(&mut self, number: usize) -> Result<Option<Instant>> {
        let Poller { connections, buffer, .. } = &mut self.poller;
        let mut whole = false;
        connections[number].receive(buffer, |bytes| {
            whole |= self.answers[number].take(bytes)?;
            Ok(())
        })?;
        Ok(if whole { self.begun[number].take() } else { None })
    }

    /// Waits for the answers that an earlier run left under way.
    fn settle(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut readable = Vec::new();
        while self.begun.iter().any(Option::is_some) {
            if Instant::now() > deadline {
                return Err(Failure::failed("the server under test does not answer any more"));
            }
            self.poller.wait(None, &mut readable)?;
            for number in readable.drain(..) {
                self.receive(number)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// Answers one connection, each request after a pause.
    fn slow_server(pause: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 1024];
            while stream.read(&mut buffer).is_ok_and(|length| length > 0) {
                std::thread::sleep(pause);
                if stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_err() {
                    return;
                }
            }
        });
        address
    }

    #[test]
    fn an_open_loop_keeps_its_schedule_on_a_slow_server() {
        let address = slow_server(Duration::from_millis(50));
        let mut requests = Requests::open(address, 1, vec![super::super::get(address, "/")]).unwrap();
        let answered = requests.run(Pace::Open(200.0), Duration::from_millis(500)).unwrap();
        let shown = answered.latency.percentiles().unwrap();
        assert!(answered.count <= 10, "{}", answered.count);
        assert_eq!(shown.count, 100);
        assert!(shown.p50 > 100_000.0, "{shown:?}");
    }

    #[test]
    fn a_closed_loop_counts_what_was_answered_and_can_go_on() {
        let address = slow_server(Duration::from_millis(10));
        let mut requests = Requests::open(address, 1, vec![super::super::get(address, "/")]).unwrap();
        for _ in 0..2 {
            let answered = requests.run(Pace::Closed, Duration::from_millis(200)).unwrap();
            let shown = answered.latency.percentiles().unwrap();
            assert_eq!(shown.count, answered.count);
            assert!((1..=20).contains(&answered.count), "{}", answered.count);
            assert!(shown.p50 >= 10_000.0, "{shown:?}");
        }
    }
}
