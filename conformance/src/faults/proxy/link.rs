//! One connection through the proxy.

use super::cut::{Cut, Leave, Way};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{Notify, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};

/// What all connections meet.
#[derive(Debug, Default)]
pub(super) struct Weather {
    /// Until when bytes wait. Those that do notice when it changes.
    calm_from: watch::Sender<Option<Instant>>,
    piece: AtomicUsize,
    no_answers: AtomicBool,
    cuts: AtomicU64,
}

impl Weather {
    pub(super) fn stall_until(&self, moment: Instant) {
        self.calm_from.send_replace(Some(moment));
    }

    pub(super) fn split(&self, bytes: usize) {
        self.piece.store(bytes, Ordering::Release);
    }

    pub(super) fn cut_every_answer(&self, on: bool) {
        self.no_answers.store(on, Ordering::Release);
    }

    /// Waits until bytes go on.
    async fn calm(&self) {
        let mut calm_from = self.calm_from.subscribe();
        loop {
            let until = *calm_from.borrow_and_update();
            let Some(until) = until.filter(|until| *until > Instant::now()) else { return };
            tokio::select! {
                () = sleep_until(until) => {}
                _ = calm_from.changed() => {}
            }
        }
    }

    /// Every other cut is a reset (RST), the others are an end (FIN): programs meet both.
    fn next_is_reset(&self) -> bool {
        self.cuts.fetch_add(1, Ordering::AcqRel) % 2 == 1
    }
}

/// A connection that can be cut.
#[derive(Debug)]
pub(super) struct Link {
    weather: Arc<Weather>,
    cut: Mutex<Option<Cut>>,
    due: Notify,
}

/// Why a connection ended.
enum Ended {
    /// One side has ended what it sends, or failed.
    Itself,
    Cut,
}

impl Link {
    pub(super) fn new(weather: Arc<Weather>) -> Self {
        let cut = weather.no_answers.load(Ordering::Acquire).then_some(Cut::Answers(0));
        Self { weather, cut: Mutex::new(cut), due: Notify::new() }
    }

    pub(super) fn cut(&self, cut: Cut) {
        *self.cut.lock() = Some(cut);
        if cut.is_due() {
            self.due.notify_one();
        }
    }

    /// Passes bytes on until both sides have ended, or it is cut.
    pub(super) async fn run(&self, mut client: TcpStream, mut server: TcpStream) {
        // A piece is a packet.
        let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
        let ended = {
            let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
            let both = async {
                tokio::join!(
                    self.pass(from_client, to_server, Way::Request),
                    self.pass(from_server, to_client, Way::Answer)
                )
            };
            tokio::select! {
                ended = both => match ended {
                    (Err(Ended::Cut), _) | (_, Err(Ended::Cut)) => Ended::Cut,
                    _ => Ended::Itself,
                },
                () = self.due.notified() => Ended::Cut,
            }
        };
        if let Ended::Cut = ended
            && self.weather.next_is_reset()
        {
            // A failure leaves an end instead.
            let (_, _) = (client.set_zero_linger(), server.set_zero_linger());
        }
    }

    /// Passes one way on, up to its end.
    async fn pass(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, way: Way) -> Result<(), Ended> {
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = from.read(&mut buffer).await;
            match read {
                Ok(0) => break,
                Ok(length) => self.send(&buffer[..length], &mut to, way).await?,
                Err(_) => break,
            }
        }
        // The other way may go on: half a connection is one, too.
        self.weather.calm().await;
        let _ = to.shutdown().await;
        Ok(())
    }

    async fn send(&self, bytes: &[u8], to: &mut WriteHalf<'_>, way: Way) -> Result<(), Ended> {
        let (mut rest, mut pieces) = (bytes, 0);
        while !rest.is_empty() {
            self.weather.calm().await;
            let piece = match self.weather.piece.load(Ordering::Acquire) {
                0 => rest.len(),
                piece => piece.min(rest.len()),
            };
            let leave = self.spend(way, piece);
            let sent = write(to, &rest[..leave.bytes]).await;
            if leave.then_cut {
                self.due.notify_one();
                return Err(Ended::Cut);
            }
            sent.map_err(|_| Ended::Itself)?;
            rest = &rest[leave.bytes..];
            pieces += 1;
            if !rest.is_empty() {
                breathe(pieces).await;
            }
        }
        Ok(())
    }

    fn spend(&self, way: Way, bytes: usize) -> Leave {
        match &mut *self.cut.lock() {
            Some(cut) => cut.spend(way, bytes),
            None => Leave { bytes, then_cut: false },
        }
    }
}

async fn write(to: &mut WriteHalf<'_>, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes).await?;
    to.flush().await
}

/// Lets the other side read a piece alone. After the first pieces of a large one, it gets on.
async fn breathe(pieces: usize) {
    if pieces <= SLOW_PIECES { sleep(Duration::from_millis(1)).await } else { yield_now().await }
}

const BUFFER: usize = 16 << 10;
const SLOW_PIECES: usize = 16;
