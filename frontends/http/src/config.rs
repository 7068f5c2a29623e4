//! What an operator sets of the HTTP frontend.

use crate::rse::RseConfig;
use eventweir_sse::SseConfig;
use eventweir_web::WebConfig;
use serde::Deserialize;
use std::net::SocketAddr;

/// Configures the HTTP frontend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HttpConfig {
    /// The server: address, TLS, limits.
    pub web: WebConfig,
    /// Event streams.
    pub sse: SseConfig,
    /// Shows `/metrics` to everyone rather than to administrators alone. Default false.
    pub public_metrics: bool,
    /// The RSE protocol, and where it is.
    pub rse: RseConfig,
}

impl HttpConfig {
    /// Listens on an address, with the defaults for everything else.
    pub fn at(listen: SocketAddr) -> Self {
        Self { web: WebConfig::at(listen), ..Self::default() }
    }
}
