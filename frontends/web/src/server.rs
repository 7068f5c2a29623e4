//! The server: bound to an address, then serving a router until shutdown.

use crate::connection::{self, Places, Site};
use crate::guard::Guard;
use crate::service::Gate;
use crate::tls::Tls;
use crate::{CertificateReloader, WebConfig};
use axum::Router;
use eventweir::{Error, ErrorKind, Result, Shutdown};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

/// Clients that may be told at once that there is no place for them; more are cut off without a word.
const MAX_REFUSALS: usize = 64;

/// Time to wait when connections cannot be accepted, for want of file descriptors as a rule.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves HTTP/1.1, and HTTP/2 over TLS, within limits and to nobody's web pages but its own.
#[derive(Debug)]
pub struct WebServer {
    listener: TcpListener,
    local_addr: SocketAddr,
    config: WebConfig,
    tls: Option<Arc<Tls>>,
}

impl WebServer {
    /// Takes the address and reads the certificate. Clients can connect from now on, and are served by
    /// [`serve`](Self::serve).
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when an option or a certificate cannot be used, or the address cannot be had.
    pub async fn bind(config: WebConfig) -> Result<Self> {
        config.check()?;
        let tls = config.tls.as_ref().map(Tls::open).transpose()?.map(Arc::new);
        let cannot_listen = |error| cannot_listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(cannot_listen)?;
        let local_addr = listener.local_addr().map_err(cannot_listen)?;
        Ok(Self { listener, local_addr, config, tls })
    }

    /// Returns the address that was taken, with its real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Returns whether the server speaks TLS.
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Returns a handle that reads the certificate again on demand; `None` without TLS.
    pub fn certificate_reloader(&self) -> Option<CertificateReloader> {
        self.tls.clone().map(CertificateReloader::new)
    }

    /// Serves a router until shutdown begins; then takes no more connections, closes idle ones, gives requests in flight the
    /// configured time to end, and returns.
    ///
    /// # Errors
    /// None now; a server that cannot accept for a while goes on trying.
    pub async fn serve(self, router: Router, shutdown: Shutdown) -> Result<()> {
        let gate = Gate::new(router, Guard::new(&self.config), &self.config);
        let site = Arc::new(Site::new(&self.config, gate, self.tls.clone()));
        let mut watching = JoinSet::new();
        self.tls.clone().map(|tls| watching.spawn(tls.watch()));
        let mut connections = JoinSet::new();
        self.accept(&site, &mut connections, &shutdown).await;
        let drain = self.config.drain;
        // The port is free from here on, and waiting clients are told.
        drop(self);
        site.draining().begin();
        finish(connections, drain).await;
        Ok(())
    }

    async fn accept(&self, site: &Arc<Site>, connections: &mut JoinSet<()>, shutdown: &Shutdown) {
        let places = Places::new(self.config.max_connections, self.config.max_connections_per_ip);
        let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
        loop {
            let accepted = tokio::select! {
                () = shutdown.begun() => return,
                Some(ended) = connections.join_next(), if !connections.is_empty() => {
                    note_end(ended);
                    continue;
                }
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, client)) => match places.take(client.ip()) {
                    Some(permit) => drop(connections.spawn(connection::serve(socket, permit, site.clone()))),
                    None => self.turn_away(socket, client, &refusals, connections),
                },
                Err(error) => pause_after(&error, shutdown).await,
            }
        }
    }

    fn turn_away(
        &self,
        socket: TcpStream,
        client: SocketAddr,
        refusals: &Arc<Semaphore>,
        connections: &mut JoinSet<()>,
    ) {
        let Ok(turn) = refusals.clone().try_acquire_owned() else { return };
        let encrypted = self.is_encrypted();
        connections.spawn(async move {
            connection::turn_away(socket, client.ip(), encrypted).await;
            drop(turn);
        });
    }
}

/// Waits for the connections to end, and cuts those that do not in time.
async fn finish(mut connections: JoinSet<()>, drain: Duration) {
    let ended = tokio::time::timeout(drain, async {
        while let Some(ended) = connections.join_next().await {
            note_end(ended);
        }
    });
    if ended.await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "connections were cut: their requests took too long to end"
        );
        connections.shutdown().await;
    }
}

fn note_end(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection ended unexpectedly");
    }
}

/// Goes on at once when only that connection failed, and after a pause when accepting did: the next try would fail alike.
async fn pause_after(error: &io::Error, shutdown: &Shutdown) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "connections cannot be accepted for the moment");
    tokio::select! {
        () = shutdown.begun() => {}
        () = tokio::time::sleep(ACCEPT_PAUSE) => {}
    }
}

fn cannot_listen(listen: SocketAddr, error: io::Error) -> Error {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => "another program has it",
        io::ErrorKind::AddrNotAvailable => "this machine has no such address",
        io::ErrorKind::PermissionDenied => "this user may not take the port",
        _ => "the system refuses",
    };
    Error::new(ErrorKind::Config, format!("cannot listen on {listen}: {why}")).with_source(error)
}
