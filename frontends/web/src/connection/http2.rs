//! HTTP/2, over TLS only.

use super::Site;
use super::activity::Activity;
use super::drive::{Connection, Ending, drive};
use super::permit::Permit;
use super::stream::Stream;
use super::streams::Streams;
use super::wire::Wire;
use crate::service::Service;
use hyper::server::conn::http2::{Builder, Connection as Http2Connection};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

/// Requests that one connection may have in flight, as most servers allow.
const MAX_STREAMS: u32 = 128;

/// Most bytes that wait for one stream's reader.
const SEND_BUFFER_BYTES: usize = 64 << 10;

/// A client that is silent for this long is asked whether it is there, and has as long to answer.
const PING_AFTER: Duration = Duration::from_secs(30);

/// Time for an idle client to agree to the end of its connection.
const GOOD_BYE: Duration = Duration::from_secs(2);

impl Connection for Http2Connection<TokioIo<Wire>, Service, Streams> {
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

pub(super) async fn serve(stream: Stream, permit: Permit, site: &Site) {
    let activity = Arc::new(Activity::of_http2());
    let wire = Wire::new(stream, activity.clone(), permit);
    let service = Service { gate: site.gate.clone(), activity: activity.clone() };
    let connection = Builder::new(Streams::default())
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(site.limits.header_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_AFTER)
        .serve_connection(TokioIo::new(wire), service);
    let mut connection = pin!(connection);
    match drive(connection.as_mut(), &activity, site).await {
        Ending::Closed(Ok(())) => {}
        Ending::Closed(Err(error)) => tracing::debug!(%error, "an HTTP/2 connection was cut"),
        Ending::TimedOut(_) => {
            connection.as_mut().graceful_shutdown();
            // A client that is gone will not answer the good-bye.
            drop(tokio::time::timeout(GOOD_BYE, connection).await);
        }
    }
}
