//! What every handler has at hand.

use crate::HttpConfig;
use bytes::Bytes;
use eventweir::{Broker, Session, StreamName};
use eventweir_sse::SseConfig;
use eventweir_web::{Problem, Query, credentials};
use http::{HeaderMap, Uri};
use std::sync::Arc;

/// Shares the broker and the settings among all requests.
#[derive(Clone)]
pub(crate) struct Api(Arc<Parts>);

struct Parts {
    broker: Broker,
    sse: SseConfig,
    max_body_bytes: u64,
    public_metrics: bool,
    openapi: Bytes,
}

impl Api {
    pub(crate) fn new(broker: Broker, config: &HttpConfig, openapi: Bytes) -> Self {
        Self(Arc::new(Parts {
            broker,
            sse: config.sse.clone(),
            max_body_bytes: config.web.max_body_bytes,
            public_metrics: config.public_metrics,
            openapi,
        }))
    }

    /// Opens a session for whoever sent these headers.
    pub(crate) async fn session(&self, headers: &HeaderMap) -> Result<Session, Problem> {
        Ok(self.0.broker.session(&credentials(headers)?).await?)
    }

    /// Opens a session as [`session`](Self::session) does, in the stream that the query names, if it names one.
    pub(crate) async fn session_in(&self, headers: &HeaderMap, query: &Query) -> Result<Session, Problem> {
        in_stream_of(self.session(headers).await?, query).await
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.0.broker
    }

    pub(crate) fn sse(&self) -> &SseConfig {
        &self.0.sse
    }

    /// Greatest length of a body that holds more than one event's data.
    pub(crate) fn max_body_bytes(&self) -> u64 {
        self.0.max_body_bytes
    }

    /// Greatest length of a body that is one event's data.
    pub(crate) fn max_event_bytes(&self) -> u64 {
        let most = u64::try_from(self.0.broker.limits().max_event_bytes).unwrap_or(u64::MAX);
        most.min(self.0.max_body_bytes)
    }

    pub(crate) fn public_metrics(&self) -> bool {
        self.0.public_metrics
    }

    pub(crate) fn openapi(&self) -> Bytes {
        self.0.openapi.clone()
    }
}

/// The query key that names a stream.
pub(crate) const STREAM: &str = "stream";

/// Returns a session in the stream that a query names, if it names one.
pub(crate) async fn in_stream_of(session: Session, query: &Query) -> Result<Session, Problem> {
    match query.parsed::<StreamName>(STREAM)? {
        Some(stream) => Ok(session.in_stream(&stream).await?),
        None => Ok(session),
    }
}

/// Reads a query that has no key but that of the stream.
pub(crate) fn only_stream(uri: &Uri) -> Result<Query, Problem> {
    let query = Query::parse(uri.query())?;
    query.check_keys(&[&[STREAM]])?;
    Ok(query)
}

/// Refuses query keys where none are known.
pub(crate) fn no_query(uri: &Uri) -> Result<(), Problem> {
    match uri.query() {
        None => Ok(()),
        raw => Query::parse(raw)?.check_keys(&[]),
    }
}

/// Returns what stands in the path behind a fixed beginning, as it was sent, from its slash on; empty when nothing does.
pub(crate) fn path_behind<'a>(uri: &'a Uri, beginning: &str) -> &'a str {
    uri.path().strip_prefix(beginning).unwrap_or_default()
}
