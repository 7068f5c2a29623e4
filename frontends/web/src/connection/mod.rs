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
use watchdog::Patience;

/// Holds what all connections of a server share.
pub(crate) struct Site {
    gate: Arc<Gate>,
    patience: Patience,
    handshake_timeout: Duration,
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
    let (stream, protocol) = match &site.tls {
        None => (Stream::Plain(socket), Protocol::Http1),
        Some(tls) => match Box::pin(shake_hands(socket, tls, &site)).await {
            Some((stream, protocol)) => (Stream::Tls(Box::new(stream)), protocol),
            None => return,
        },
    };
    match protocol {
        Protocol::Http1 => http1::serve(stream, permit, &site).await,
        Protocol::Http2 => Box::pin(http2::serve(stream, permit, &site)).await,
    }
}

/// Begins TLS, within the time that headers may take. Handshakes in flight are bounded as connections are; a smaller bound of their
/// own would let a few clients that never finish theirs keep out all others.
async fn shake_hands(
    socket: TcpStream,
    tls: &Tls,
    site: &Site,
) -> Option<(tokio_rustls::server::TlsStream<TcpStream>, Protocol)> {
    let handshake = async {
        if speaks_plainly(&socket).await {
            let mut socket = socket;
            farewell::refuse(&mut socket, &tls_required()).await;
            farewell::linger(&mut socket).await;
            return None;
        }
        tls.accept(socket).await
    };
    tokio::time::timeout(site.handshake_timeout, handshake).await.ok().flatten()
}

/// Returns whether a client begins with the letter of an HTTP method instead of a TLS record.
async fn speaks_plainly(socket: &TcpStream) -> bool {
    let mut first = [0];
    matches!(socket.peek(&mut first).await, Ok(1)) && first[0].is_ascii_uppercase()
}

fn tls_required() -> Problem {
    let detail = "this port speaks TLS only: use https:// instead of http://";
    Problem::new(StatusCode::BAD_REQUEST, "tls_required", detail)
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
