//! Event streams as a transport of their own.

use crate::{SseConfig, router};
use eventweir::{Broker, Result, Shutdown, Transport, async_trait};
use eventweir_web::{WebConfig, WebServer};
use std::net::SocketAddr;

/// Serves event streams and nothing else at an address of its own.
#[derive(Debug)]
pub struct SseFrontend {
    server: WebServer,
    config: SseConfig,
}

impl SseFrontend {
    /// Takes the address, so that clients can connect from now on.
    ///
    /// # Errors
    /// As [`WebServer::bind`].
    pub async fn bind(web: WebConfig, config: SseConfig) -> Result<Self> {
        Ok(Self { server: WebServer::bind(web).await?, config })
    }

    /// Returns the address that was taken, with its real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.server.local_addr()
    }
}

#[async_trait]
impl Transport for SseFrontend {
    fn name(&self) -> &'static str {
        "sse"
    }

    async fn serve(self: Box<Self>, broker: Broker, shutdown: Shutdown) -> Result<()> {
        self.server.serve(router(broker, self.config), shutdown).await
    }
}
