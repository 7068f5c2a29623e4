//! One subscribing connection.

use super::frame::Frame;
use super::{Channels, Hub};
use crate::link::address::Address;
use crate::link::lane::Backoff;
use crate::link::wire::{Login, Wire};
use crate::link::{Shared, slot};
use bytes::BytesMut;
use eventweir::Sequence;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, sleep, timeout};

/// Keeps a connection to one server that is subscribed to what is wanted there. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Subscriber {
    wanted: watch::Sender<Channels>,
    task: JoinHandle<()>,
}

impl Subscriber {
    pub(super) fn start(address: Address, shared: Arc<Shared>, hub: Arc<Hub>) -> Self {
        let (wanted, wants) = watch::channel(Channels::new());
        let session = Session { address, shared, hub, wanted: wants };
        Self { wanted, task: tokio::spawn(session.run()) }
    }

    pub(super) fn want(&self, channels: Channels) {
        self.wanted.send_if_modified(|wanted| {
            let changed = *wanted != channels;
            *wanted = channels;
            changed
        });
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Session {
    address: Address,
    shared: Arc<Shared>,
    hub: Arc<Hub>,
    wanted: watch::Receiver<Channels>,
}

impl Session {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            backoff.pause().await;
            backoff.begun();
            let error = match timeout(self.shared.config.connect_timeout, self.connect()).await {
                Ok(Ok(wire)) => {
                    let connected = Instant::now();
                    let error = self.listen(wire).await.err();
                    // One that is refused at once comes back slower and slower.
                    if connected.elapsed() > QUIET {
                        backoff.succeeded();
                    }
                    error
                }
                Ok(Err(error)) => Some(error),
                Err(late) => Some(late.into()),
            };
            if let Some(error) = error {
                tracing::debug!(server = %self.address, %error, "the subscription to Redis was lost");
                self.shared.route.suspect(&self.address);
                self.hub.changed.notify_one();
            }
        }
    }

    async fn connect(&self) -> io::Result<Wire> {
        let connector = &self.shared.connector;
        let mut wire = connector.wire(&self.address).await.map_err(io::Error::other)?;
        let mut buffer = BytesMut::new();
        for command in connector.greeting(Login::NoDatabase) {
            send(&mut wire, &command.get_packed_command()).await?;
            if let Frame::Refused(why) = next(&mut wire, &mut buffer).await? {
                return Err(io::Error::other(why.split(' ').next().unwrap_or_default().to_owned()));
            }
        }
        Ok(wire)
    }

    /// Follows what is wanted and passes on what is heard, until the connection is lost.
    async fn listen(&mut self, mut wire: Wire) -> io::Result<()> {
        let mut buffer = BytesMut::new();
        let mut subscribed = Channels::new();
        loop {
            let wanted = self.wanted.borrow_and_update().clone();
            send(&mut wire, &changes(&subscribed, &wanted)).await?;
            subscribed = wanted;
            if self.hear(&mut wire, &mut buffer).await? == Heard::NothingMore {
                return Ok(());
            }
        }
    }

    /// Passes on what is heard until something else is wanted.
    async fn hear(&mut self, wire: &mut Wire, buffer: &mut BytesMut) -> io::Result<Heard> {
        let mut asked = false;
        loop {
            while let Some(frame) = Frame::take(buffer).map_err(|_| io::ErrorKind::InvalidData)? {
                self.pass_on(frame)?;
            }
            tokio::select! {
                changed = self.wanted.changed() => {
                    return Ok(if changed.is_ok() { Heard::OtherWishes } else { Heard::NothingMore });
                }
                read = wire.read_buf(buffer) => {
                    if read? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    asked = false;
                }
                () = sleep(QUIET) => {
                    // Nothing came for a while: is anybody there?
                    if asked {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    asked = true;
                    send(wire, &redis::cmd("PING").get_packed_command()).await?;
                }
            }
        }
    }

    fn pass_on(&self, frame: Frame) -> io::Result<()> {
        let parts = match frame {
            Frame::List(parts) => parts,
            // A node that does not serve the slot any more, or a user who may not listen.
            Frame::Refused(why) => {
                if let Some(to) = why.strip_prefix("MOVED ").and_then(moved) {
                    self.shared.route.moved(to.0, &to.1);
                }
                return Err(io::Error::other(why.split(' ').next().unwrap_or_default().to_owned()));
            }
            _ => return Ok(()),
        };
        let [kind, channel, what] = &parts[..] else { return Ok(()) };
        match kind.text() {
            b"smessage" => {
                let head = std::str::from_utf8(what.text()).ok().and_then(|head| head.parse().ok());
                self.hub.hear(channel.text(), head.filter(|head: &Sequence| *head > Sequence::ZERO));
            }
            // What was published before this was not heard.
            b"ssubscribe" => self.hub.hear(channel.text(), None),
            // The slot went to another node; or nobody wants it any more.
            b"sunsubscribe" if self.wanted.borrow().contains(channel.text()) => {
                return Err(io::Error::other(format!("slot {} moved", slot::of(channel.text()))));
            }
            _ => {}
        }
        Ok(())
    }
}

fn moved(details: &str) -> Option<(u16, Address)> {
    let (slot, address) = details.split_once(' ')?;
    Some((slot.parse().ok()?, Address::parse(address, None)?))
}

async fn next(wire: &mut Wire, buffer: &mut BytesMut) -> io::Result<Frame> {
    loop {
        if let Some(frame) = Frame::take(buffer).map_err(|_| io::ErrorKind::InvalidData)? {
            return Ok(frame);
        }
        if wire.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Why nothing more is passed on for the moment.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    OtherWishes,
    NothingMore,
}

/// Returns the commands that lead from what is subscribed to what is wanted.
fn changes(subscribed: &Channels, wanted: &Channels) -> Vec<u8> {
    let begin = wanted.difference(subscribed).map(|channel| ("SSUBSCRIBE", channel));
    let end = subscribed.difference(wanted).map(|channel| ("SUNSUBSCRIBE", channel));
    let commands =
        begin.chain(end).map(|(command, channel)| redis::cmd(command).arg(&channel[..]).get_packed_command());
    commands.flatten().collect()
}

async fn send(wire: &mut Wire, bytes: &[u8]) -> io::Result<()> {
    let sent = timeout(QUIET, async {
        wire.write_all(bytes).await?;
        wire.flush().await
    });
    sent.await?
}

/// A connection on which nothing came for so long is asked whether it still is one, and given up after as long again.
const QUIET: Duration = Duration::from_secs(3);
