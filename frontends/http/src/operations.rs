//! What those ask who run the broker: health, readiness, metrics, and what there is.

use crate::api::{Api, no_query};
use crate::readiness::in_time;
use crate::response;
use axum::extract::{Request, State};
use axum::response::Response;
use eventweir::Action;
use eventweir_web::Problem;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Answers that the process is up. Touches nothing.
pub(crate) async fn health() -> Response {
    plain(StatusCode::OK, "OK\n")
}

/// Answers whether the store can be asked now, and soon.
pub(crate) async fn ready(State(api): State<Api>) -> Result<Response, Problem> {
    let ready = in_time(api.broker().check_ready()).await;
    match ready {
        Ok(()) => Ok(plain(StatusCode::OK, "OK\n")),
        // Whatever the reason: this broker is not to be sent requests now.
        Err(error) => Err(Problem::from(error).with_status(StatusCode::SERVICE_UNAVAILABLE)),
    }
}

/// Shows the broker's counters, to administrators unless they are public.
pub(crate) async fn metrics(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    no_query(request.uri())?;
    if !api.public_metrics() {
        let session = api.session(request.headers()).await?;
        session.authorize(&Action::Admin).await?;
    }
    let text = api.broker().metrics().encode().into_bytes();
    Ok(response::read(request.headers(), METRICS, text).await)
}

/// Describes this API.
pub(crate) async fn openapi(State(api): State<Api>, request: Request) -> Response {
    response::read(request.headers(), response::JSON, api.openapi().to_vec()).await
}

/// Names what there is.
pub(crate) async fn landing() -> Response {
    let mut response = response::of(StatusCode::OK, TEXT, LANDING);
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = response::of(status, TEXT, text);
    response.headers_mut().insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const LANDING: &str = "\
Eventweir: every retained event reaches every reader, once, in order, or the reader is told.

POST  /v1/events/CHANNEL                 publish an event, or many as NDJSON
GET   /v1/events/CHANNEL?after=POSITION  read a page; wait=30 waits for one
GET   /v1/events/CHANNEL                 with Accept: text/event-stream: follow
      /v1/consumers                      durable cursors
POST  /v1/commit                         events, cursor moves and records, all or nothing
      /v1/streams  /v1/channels          what there is
      /health  /ready  /metrics          for those who run it
      /openapi.json                      all of this in detail
";
