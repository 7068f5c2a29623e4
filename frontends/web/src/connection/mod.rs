//! The life of one connection, from the accepted socket to the last byte.

mod activity;
mod draining;
mod drive;
mod farewell;
mod http1;
mod http2;
mod permit;
mod stream;
mod streams;
mod watchdog;
mod wire;

pub(crate) use activity::{Activity, Exchange};
pub(crate) use draining::Draining;
pub(crate) use permit::{Permit, Places};

use crate::service::Gate;
use crate::tls::{Protocol, Tls};
use crate::{Problem, WebConfig};
use http::StatusCode;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use stream::Stream;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use watchdog::Patience;
use wire::Wire;

/// Handshakes that may run at once: they cost far more than requests, and whoever connects can ask for one.
const MAX_HANDSHAKES: usize = 256;

/// Holds what all connections of a server share.
pub(crate) struct Site {
    gate: Arc<Gate>,
    patience: Patience,
    handshake_timeout: Duration,
    handshakes: Semaphore,
    tls: Option<Arc<Tls>>,
    http1: hyper::server::conn::http1::Builder,
    limits: HeadLimits,
    draining: Draining,
}

/// How large the head of a request may be.
#[derive(Clone, Copy, Debug)]
struct HeadLimits {
    uri_bytes: usize,
    header_bytes: usize,
    headers: usize,
}

impl Site {
    pub(crate) fn new(config: &WebConfig, gate: Gate, tls: Option<Arc<Tls>>) -> Self {
        let limits = HeadLimits {
            uri_bytes: config.max_uri_bytes,
            header_bytes: config.max_header_bytes,
            headers: config.max_headers,
        };
        Self {
            gate: Arc::new(gate),
            patience: Patience::new(config),
            handshake_timeout: config.header_timeout,
            handshakes: Semaphore::new(MAX_HANDSHAKES),
            tls,
            http1: http1::builder(limits),
            limits,
            draining: Draining::default(),
        }
    }

    pub(crate) fn draining(&self) -> &Draining {
        &self.draining
    }
}

/// Serves a connection until either side ends it.
pub(crate) async fn serve(socket: TcpStream, permit: Permit, site: Arc<Site>) {
    // Answers are written whole; waiting for more to send would only delay them.
    if socket.set_nodelay(true).is_err() {
        return;
    }
    let activity = Arc::new(Activity::default());
    let (stream, protocol) = match &site.tls {
        None => (Stream::Plain(socket), Protocol::Http1),
        Some(tls) => match Box::pin(shake_hands(socket, tls, &site)).await {
            Some((stream, protocol)) => (Stream::Tls(Box::new(stream)), protocol),
            None => return,
        },
    };
    let wire = Wire::new(stream, activity.clone(), permit);
    match protocol {
        Protocol::Http1 => http1::serve(wire, activity, &site).await,
        Protocol::Http2 => Box::pin(http2::serve(wire, activity, &site)).await,
    }
}

async fn shake_hands(
    socket: TcpStream,
    tls: &Tls,
    site: &Site,
) -> Option<(tokio_rustls::server::TlsStream<TcpStream>, Protocol)> {
    let handshake = async {
        let _turn = site.handshakes.acquire().await.ok()?;
        tls.accept(socket).await
    };
    tokio::time::timeout(site.handshake_timeout, handshake).await.ok().flatten()
}

/// Tells a client that there is no place for it. Under TLS it is not told: a handshake is what a full server cannot afford.
pub(crate) async fn turn_away(mut socket: TcpStream, address: IpAddr, encrypted: bool) {
    tracing::debug!(%address, "a connection was turned away: there are too many");
    if encrypted {
        return;
    }
    farewell::refuse(&mut socket, &too_many_connections()).await;
    farewell::linger(&mut socket).await;
}

fn too_many_connections() -> Problem {
    let detail = "the server has as many connections as it may have; come again in a moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_connections", detail).with_retryable(true)
}
