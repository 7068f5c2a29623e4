//! A way to a server that is cut, stalls, and brings bytes in pieces.

mod cut;
mod link;

use cut::Cut;
use link::{Link, Weather};
use parking_lot::Mutex;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep};

/// Stands before a server on a loopback port, and cuts, stalls and splits the connections that go through it, at any byte.
///
/// It passes on what comes as it comes until it is told otherwise, and never holds more than 16 KiB of a connection in each
/// direction. Dropped, it ends all of them.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    target: Mutex<SocketAddr>,
    links: Mutex<Vec<Weak<Link>>>,
    weather: Arc<Weather>,
}

impl Proxy {
    /// Listens on a port of its own, in front of `target`, which needs not be there yet.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (target, links) = (Mutex::new(target), Mutex::default());
        let shared = Arc::new(Shared { target, links, weather: Arc::default() });
        let acceptor = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Ok(Self { address, shared, acceptor })
    }

    /// Returns where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends new connections elsewhere. Those that are open stay where they are.
    pub fn retarget(&self, target: SocketAddr) {
        *self.shared.target.lock() = target;
    }

    /// Cuts every open connection after so many more bytes, in both directions together. 0: at once.
    pub fn cut(&self, after_bytes: u64) {
        self.each(|link| link.cut(Cut::Either(after_bytes)));
    }

    /// Cuts every open connection after so many more bytes of requests. 0: when the next one comes, before its first byte.
    pub fn cut_requests(&self, after_bytes: u64) {
        self.each(|link| link.cut(Cut::Requests(after_bytes)));
    }

    /// Cuts every open connection after so many more bytes of answers. 0: when the next one comes, before its first byte. The
    /// server has done what it was asked by then, and the client does not know.
    pub fn cut_answers(&self, after_bytes: u64) {
        self.each(|link| link.cut(Cut::Answers(after_bytes)));
    }

    /// Cuts the next connections to be opened in the same way, before their first byte of an answer: the requests get through.
    /// `false` ends it.
    pub fn cut_every_answer(&self, on: bool) {
        self.shared.weather.cut_every_answer(on);
        if on {
            self.cut_answers(0);
        }
    }

    /// Lets bytes wait from now on for a time, in both directions. Then they go on. A second call counts instead of the first.
    pub fn stall(&self, span: Duration) {
        self.shared.weather.stall_until(Instant::now() + span);
    }

    /// Brings bytes in pieces of this size, with a breath between them. 0: as they come.
    pub fn split(&self, bytes: usize) {
        self.shared.weather.split(bytes);
    }

    /// Returns how many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.links.lock().iter().filter(|link| link.strong_count() > 0).count()
    }

    fn each(&self, act: impl Fn(&Link)) {
        self.shared.links.lock().iter().filter_map(Weak::upgrade).for_each(|link| act(&link));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The acceptor owns the connections' tasks.
        self.acceptor.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut links = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    // It is in the list before a byte went through it.
                    let link = Arc::new(Link::new(shared.weather.clone()));
                    let mut list = shared.links.lock();
                    list.retain(|link| link.strong_count() > 0);
                    list.push(Arc::downgrade(&link));
                    drop(list);
                    let target = *shared.target.lock();
                    links.spawn(connect(client, target, link));
                }
                // There are too many open files, perhaps: it passes.
                Err(_) => sleep(BREATH).await,
            },
            Some(_) = links.join_next() => {}
        }
    }
}

/// A server that is not there is one that hangs up.
async fn connect(client: TcpStream, target: SocketAddr, link: Arc<Link>) {
    match TcpStream::connect(target).await {
        Ok(server) => link.run(client, server).await,
        Err(_) => drop(client.set_zero_linger()),
    }
}

const BREATH: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
