//! RSE (Really Simple Events): clients poll a channel with the greatest id they know.
//!
//! Ids are the stream's sequences as plain integers. `docs/rse.md` in the repository says what is the same as in the first
//! server of this protocol, what is better, and what is new.

mod agent;
mod answer;
mod call;
mod callback;
mod client;
mod config;
mod document;
mod dump;
mod found;
mod health;
mod moment;
mod number;
mod params;
mod poll;
mod publish;
mod refusal;
mod service;
mod told;
mod visitor;

pub use config::{RseConfig, RseMount};

use axum::Router;
use eventweir::Broker;
use service::Service;
use std::sync::Arc;

/// Makes the router of RSE, to serve it at `/` or to nest it in a larger one. Every path below its place is a channel.
///
/// Nest it with [`nest_service`](Router::nest_service), which also leads the path with nothing behind its slash here.
///
/// It does not guard itself against slow clients or too many connections: [`HttpFrontend`](crate::HttpFrontend) does that.
pub fn router(broker: Broker, config: RseConfig) -> Router {
    Router::new().fallback(service::serve).with_state(Arc::new(Service::new(broker, config)))
}
