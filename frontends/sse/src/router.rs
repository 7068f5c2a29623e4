//! Event streams and nothing else.

use crate::{SseConfig, follow};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use eventweir::Broker;
use eventweir_web::{Problem, Query, credentials_or_query};
use http::{HeaderMap, StatusCode, Uri};
use std::sync::Arc;

struct Service {
    broker: Broker,
    config: SseConfig,
}

/// Serves `GET /{channel}` as an event stream.
///
/// A token comes in the headers, or as `access_token` in the query from browsers, whose `EventSource` sets no headers.
pub fn router(broker: Broker, config: SseConfig) -> Router {
    Router::new()
        .route("/{*channel}", get(stream))
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "an event stream is read with GET",
            )
        })
        .fallback(async || {
            Problem::new(StatusCode::NOT_FOUND, "not_found", "an event stream is at the name of a channel")
        })
        .with_state(Arc::new(Service { broker, config }))
}

async fn stream(
    State(service): State<Arc<Service>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(uri.query())?;
    let session = service.broker.session(&credentials_or_query(&headers, &query)?).await?;
    follow(&session, uri.path(), &query, &headers, &service.config).await
}
