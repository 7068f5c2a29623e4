//! Event streams with nothing behind them: the same pre-encoded frame for every event and every subscriber.

use super::{GATHERED, ONE_BY_ONE, PUBLISH, created};
use crate::bench::data::MARK;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{broadcast, mpsc};

/// More than any load leaves waiting; a subscriber further behind than that would miss events.
const WAITING: usize = 4096;
/// At most this many frames become one chunk.
const CHUNK_FRAMES: usize = 256;

struct Streams {
    frame: Bytes,
    sequence: AtomicU64,
    frames: broadcast::Sender<Bytes>,
    chunks: broadcast::Sender<Bytes>,
    to_gather: mpsc::Sender<Bytes>,
}

/// Makes the routes of event streams, and what gathers frames into chunks for as long as it is polled.
pub(super) fn router(frame_bytes: usize) -> (Router, impl Future<Output = ()>) {
    let (to_gather, waiting) = mpsc::channel(WAITING);
    let streams = Arc::new(Streams {
        frame: frame(frame_bytes),
        sequence: AtomicU64::new(0),
        frames: broadcast::channel(WAITING).0,
        chunks: broadcast::channel(WAITING).0,
        to_gather,
    });
    let gatherer = gather(waiting, streams.chunks.clone());
    let router = Router::new()
        .route(PUBLISH, post(publish))
        .route(
            ONE_BY_ONE,
            get(async |State(streams): State<Arc<Streams>>| follow(streams.frames.subscribe())),
        )
        .route(GATHERED, get(async |State(streams): State<Arc<Streams>>| follow(streams.chunks.subscribe())))
        .with_state(streams);
    (router, gatherer)
}

/// Makes a frame with one mark, of a length.
fn frame(bytes: usize) -> Bytes {
    const BEGIN: &[u8] = b"id: 1\ndata: ";
    const END: &[u8] = b"\n\n";
    let filling = vec![b'x'; bytes.saturating_sub(BEGIN.len() + 1 + END.len())];
    [BEGIN, &filling, &[MARK], END].concat().into()
}

async fn publish(State(streams): State<Arc<Streams>>, body: Bytes) -> Response {
    debug_assert!(!body.is_empty());
    // Nobody may be following; then the frame goes nowhere.
    if streams.frames.receiver_count() > 0 {
        let _ = streams.frames.send(streams.frame.clone());
    }
    if streams.chunks.receiver_count() > 0 {
        let _ = streams.to_gather.send(streams.frame.clone()).await;
    }
    created(streams.sequence.fetch_add(1, Ordering::Relaxed) + 1)
}

/// Makes one chunk of all frames that came while the last one went out, for all subscribers.
async fn gather(mut waiting: mpsc::Receiver<Bytes>, chunks: broadcast::Sender<Bytes>) {
    let mut frames = Vec::new();
    while waiting.recv_many(&mut frames, CHUNK_FRAMES).await > 0 {
        let _ = chunks.send(frames.concat().into());
        frames.clear();
        tokio::task::yield_now().await;
    }
}

fn follow(receiver: broadcast::Receiver<Bytes>) -> Response {
    let chunks = stream::unfold(receiver, async |mut receiver| {
        let chunk = receiver.recv().await.ok()?;
        Some((Ok::<_, Infallible>(chunk), receiver))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(chunks)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_its_length_and_one_mark() {
        let frame = frame(300);
        assert_eq!(frame.len(), 300);
        assert_eq!(frame.iter().filter(|byte| **byte == MARK).count(), 1);
    }
}
