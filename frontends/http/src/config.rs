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
    /// The RSE protocol.
    pub rse: RseConfig,
    /// Where the RSE protocol is. Default `/rse`.
    pub rse_mount: RseMount,
}

/// Says where the RSE protocol is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub enum RseMount {
    /// Nowhere: `off`.
    #[serde(rename = "off")]
    Off,
    /// Below `/rse`, beside the native API.
    #[default]
    #[serde(rename = "/rse")]
    Rse,
    /// At `/`: every path that is not one of the native API is an RSE channel, for clients that cannot be told a path.
    #[serde(rename = "/")]
    Root,
}

impl HttpConfig {
    /// Listens on an address, with the defaults for everything else.
    pub fn at(listen: SocketAddr) -> Self {
        Self { web: WebConfig::at(listen), ..Self::default() }
    }
}
