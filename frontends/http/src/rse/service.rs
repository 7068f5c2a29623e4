//! The way of a request: route, token, verb, and then the rest. The order decides which error a client sees.

use super::call::{Call, presented};
use super::params::Params;
use super::refusal::Refusal;
use super::told::Advice;
use super::{RseConfig, dump, health, poll, publish};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use eventweir::{Broker, Retention};
use http::request::Parts;
use http::{Method, Request, StatusCode};
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// Where test mode shows everything.
const DUMP: &str = "/all";

pub(super) struct Service {
    pub(super) broker: Broker,
    pub(super) config: RseConfig,
    pub(super) advice: Advice,
}

pub(super) async fn serve(State(service): State<Arc<Service>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    service.route(&parts, body).await.unwrap_or_else(IntoResponse::into_response)
}

impl Service {
    pub(super) fn new(broker: Broker, config: RseConfig) -> Self {
        let retention = Retention { max_age: broker.shortest_age(), ..broker.retention() };
        let advice = Advice::new(&config, &retention);
        Self { broker, config, advice }
    }

    async fn route(&self, parts: &Parts, body: Body) -> Result<Response, Refusal> {
        let path = percent_decode_str(parts.uri.path())
            .decode_utf8()
            .map_err(|_| Refusal::bad_request("Invalid channel name: the path does not encode UTF-8"))?;
        match &*path {
            "" | "/" => Err(Refusal::new(StatusCode::NOT_FOUND, "URI not found: /")),
            "/health" => health::answer(self, parts).await,
            path => self.on_channel(parts, path, body).await,
        }
    }

    async fn on_channel(&self, parts: &Parts, path: &str, body: Body) -> Result<Response, Refusal> {
        let params = Params::new(parts.uri.query());
        let session = self.broker.session(&presented(&parts.headers, &params)?).await?;
        let call = Call { service: self, session: &session, headers: &parts.headers, params: &params, path };
        // The dump is read where a channel would be, so nothing may be published there that nobody could read.
        let is_dump = self.config.test_mode && path == DUMP;
        match parts.method {
            Method::GET if is_dump => dump::answer(&call).await,
            Method::GET if params.last("method")?.as_deref() == Some("POST") => {
                publish::tunnelled(&call).await
            }
            Method::GET => poll::answer(&call).await,
            Method::POST if !is_dump => publish::posted(&call, body).await,
            _ => Err(Refusal::method(&parts.method, if is_dump { "GET" } else { "GET, POST" })),
        }
    }
}
