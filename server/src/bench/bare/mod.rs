//! The bare server: axum with as little behind it as can be, in the same kind of process as the broker.
//!
//! What it answers is the limit that the broker's own answers are measured against.

mod broadcast;
mod durable;

use super::machine::OrFail;
use crate::failure::Result;
use crate::output::Output;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::Bytes;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// Paths of the bare server.
pub(super) const EMPTY: &str = "/empty";
pub(super) const SINK: &str = "/sink";
pub(super) const DURABLE: &str = "/durable";
pub(super) const PUBLISH: &str = "/publish";
pub(super) const ONE_BY_ONE: &str = "/one-by-one";
pub(super) const GATHERED: &str = "/gathered";

/// Says what the bare server serves beside empty answers.
#[derive(Args, Clone, Debug)]
pub struct BareArgs {
    /// File of a plain SQLite log that /durable appends to
    #[arg(long, value_name = "FILE")]
    sqlite: Option<PathBuf>,
    /// Bytes of each frame of an event stream
    #[arg(long, value_name = "BYTES", default_value_t = 300, value_parser = clap::value_parser!(u32).range(20..=1_048_576))]
    frame_bytes: u32,
}

/// Serves until stdin ends, which it does with the process that started this one.
pub(super) fn run(arguments: &BareArgs) -> Result<()> {
    super::embedded::runtime()?.block_on(serve(arguments))
}

async fn serve(arguments: &BareArgs) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await.or_fail("the bare server cannot listen")?;
    let address = listener.local_addr().or_fail("the bare server has no address")?;
    let (streams, gatherer) = broadcast::router(arguments.frame_bytes as usize);
    let mut app = sinks().merge(streams);
    if let Some(file) = &arguments.sqlite {
        app = app.merge(durable::router(file)?);
    }
    Output::stdout().line(&format!("bare: http on http://{address}"))?;
    let listener = listener.tap_io(|tcp: &mut TcpStream| {
        // Without it answers are merely later.
        let _ = tcp.set_nodelay(true);
    });
    tokio::select! {
        served = axum::serve(listener, app).into_future() => served.or_fail("the bare server failed"),
        () = gatherer => Ok(()),
        () = stdin_ends() => Ok(()),
    }
}

async fn stdin_ends() {
    let mut buffer = [0; 64];
    let mut stdin = tokio::io::stdin();
    while stdin.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
}

/// Answers that nothing stands behind.
fn sinks() -> Router {
    Router::new()
        .route(EMPTY, get(async || StatusCode::NO_CONTENT))
        .route(SINK, post(count))
        .with_state(Arc::default())
}

async fn count(State(counter): State<Arc<AtomicU64>>, body: Bytes) -> Response {
    debug_assert!(!body.is_empty());
    created(counter.fetch_add(1, Ordering::Relaxed) + 1)
}

fn created(sequence: u64) -> Response {
    (StatusCode::CREATED, format!("{{\"sequence\":{sequence}}}")).into_response()
}
