//! The frontend as a transport: bound first, served by the broker.

use crate::{HttpConfig, router};
use eventweir::{Broker, Result, Shutdown, Transport, async_trait};
use eventweir_web::{CertificateReloader, WebServer};
use std::net::SocketAddr;

/// Serves the native API, event streams and RSE on an address of its own.
#[derive(Debug)]
pub struct HttpFrontend {
    server: WebServer,
    config: HttpConfig,
}

impl HttpFrontend {
    /// Takes the address. Clients can connect from now on; they are served once the broker runs.
    ///
    /// # Errors
    /// [`Config`](eventweir::ErrorKind::Config) when an option or a certificate cannot be used, or the address cannot be had.
    pub async fn bind(config: HttpConfig) -> Result<Self> {
        let server = WebServer::bind(config.web.clone()).await?;
        Ok(Self { server, config })
    }

    /// Returns the address that was taken, with its real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Returns a handle that reads the certificate again on demand; `None` without TLS.
    pub fn certificate_reloader(&self) -> Option<CertificateReloader> {
        self.server.certificate_reloader()
    }
}

#[async_trait]
impl Transport for HttpFrontend {
    fn name(&self) -> &'static str {
        "http"
    }

    async fn serve(self: Box<Self>, broker: Broker, shutdown: Shutdown) -> Result<()> {
        let router = router(broker, &self.config);
        self.server.serve(router, shutdown).await
    }
}
