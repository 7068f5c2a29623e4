//! HTTP/1, and what a client is told when its request cannot even be read.

use super::activity::{Activity, Wait};
use super::drive::{Connection, Ending, drive};
use super::permit::Permit;
use super::stream::Stream;
use super::wire::Wire;
use super::{HeadLimits, Site, farewell};
use crate::Problem;
use crate::service::{Service, uri_too_long};
use http::StatusCode;
use hyper::server::conn::http1::{Builder, UpgradeableConnection};
use hyper_util::rt::TokioIo;
use std::pin::Pin;
use std::sync::Arc;

/// Most that is gathered for one write, and read at once of a large body.
const BUFFER_BYTES: usize = 64 << 10;

/// The number of headers that hyper has room for without allocating.
const HEADERS_WITHOUT_ALLOCATION: usize = 100;

pub(super) fn builder(limits: HeadLimits) -> Builder {
    let mut builder = Builder::new();
    builder
        // The watchdog keeps time: hyper's own timer costs every request one, and ends idle connections with it.
        .header_read_timeout(None)
        .max_header_size(limits.header_bytes)
        .max_buf_size(BUFFER_BYTES.max(limits.header_bytes));
    if limits.headers != HEADERS_WITHOUT_ALLOCATION {
        builder.max_headers(limits.headers);
    }
    builder
}

impl Connection for UpgradeableConnection<TokioIo<Wire>, Service> {
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

pub(super) async fn serve(stream: Stream, permit: Permit, site: &Site) {
    let activity = Arc::new(Activity::of_http1());
    let wire = Wire::new(stream, activity.clone(), permit);
    let service = Service { gate: site.gate.clone(), activity: activity.clone() };
    let mut connection = site.http1.serve_connection(TokioIo::new(wire), service).with_upgrades();
    let ending = drive(Pin::new(&mut connection), &activity, site).await;
    // An upgraded connection is its handler's.
    let Some(parts) = connection.into_parts() else { return };
    Box::pin(part(parts.io.into_inner(), &parts.read_buf, ending, site)).await;
}

/// Leaves a connection: tells why, if HTTP did not, and lets the client take what was said.
async fn part(mut wire: Wire, unread: &[u8], ending: Ending, site: &Site) {
    match reason(&ending, unread, &wire, site) {
        Some(problem) => {
            tracing::debug!(code = problem.code(), "a connection was refused");
            farewell::refuse(wire.stream(), &problem).await;
        }
        None if matches!(ending, Ending::TimedOut(Wait::Reader) | Ending::Closed(Err(_))) => return,
        None => farewell::close(wire.stream()).await,
    }
    if !wire.has_ended() && !site.draining.has_begun() {
        farewell::linger(wire.stream()).await;
    }
}

/// Finds out what a client must be told that hyper did not tell it.
fn reason(ending: &Ending, unread: &[u8], wire: &Wire, site: &Site) -> Option<Problem> {
    match ending {
        Ending::TimedOut(Wait::Headers) => Some(headers_timed_out()),
        Ending::TimedOut(Wait::FirstRequest | Wait::NextRequest) if !unread.is_empty() => {
            Some(headers_timed_out())
        }
        // Where nothing was kept back, hyper has said it, badly but once.
        Ending::Closed(Err(error)) if !wire.withholds_refusal() && !error.is_parse_version_h2() => None,
        Ending::Closed(Err(error)) if error.is_parse_too_large() => {
            Some(head_too_large(unread, &site.limits))
        }
        Ending::Closed(Err(error)) if error.is_parse() => Some(malformed(unread)),
        _ => None,
    }
}

fn headers_timed_out() -> Problem {
    let detail = "the headers of the request did not arrive in time";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "header_timeout", detail).with_retryable(true)
}

fn head_too_large(head: &[u8], limits: &HeadLimits) -> Problem {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let target = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if target.len() > limits.uri_bytes {
        return uri_too_long(limits.uri_bytes);
    }
    Problem::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "headers_too_large",
        format!(
            "the headers are longer than {} bytes or more than {}, the most that is allowed",
            limits.header_bytes, limits.headers
        ),
    )
}

fn malformed(head: &[u8]) -> Problem {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let version = line.split(|byte| *byte == b' ').next_back().unwrap_or_default();
    if version.starts_with(b"HTTP/") && !version.starts_with(b"HTTP/1.") {
        let detail = "this connection speaks HTTP/1.1 and HTTP/1.0; HTTP/2 is spoken over TLS";
        return Problem::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "version_not_supported", detail);
    }
    Problem::new(StatusCode::BAD_REQUEST, "malformed_request", "this is not a well-formed HTTP request")
}
