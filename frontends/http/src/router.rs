//! The router, for servers of one's own.

use crate::api::Api;
use crate::route::not_found;
use crate::rse::RseMount;
use crate::{HttpConfig, openapi, routes, rse};
use axum::Router;
use bytes::Bytes;
use eventweir::Broker;

/// What RSE answers itself where it is mounted at `/`: its clients expect other words there.
const RSE_HAS: [&str; 2] = ["/", "/health"];

/// Makes the router of the native API and of RSE, to serve it or to nest it in a larger one.
///
/// It does not guard itself against web pages of other origins, slow clients or too many connections:
/// [`HttpFrontend`](crate::HttpFrontend) does that.
pub fn router(broker: Broker, config: &HttpConfig) -> Router {
    let mut table = routes::table();
    if config.rse.mount == RseMount::Root {
        table.retain(|route| !RSE_HAS.contains(&route.path()));
    }
    let api = Api::new(broker.clone(), config, Bytes::from(openapi::document(&table)));
    let native = table.into_iter().fold(Router::new(), |router, route| route.add_to(router));
    let native = native.with_state(api);
    let rse = rse::router(broker, config.rse.clone().with_sse(config.sse.clone()));
    match config.rse.mount {
        RseMount::Off => native.fallback(not_found),
        RseMount::Rse => native.nest_service("/rse", rse).fallback(not_found),
        RseMount::Root => native.fallback_service(rse),
    }
}
