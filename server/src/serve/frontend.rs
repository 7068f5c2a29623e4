//! The way in over HTTP.

use crate::config::Config;
use crate::failure::{Failure, Result, with_causes};
use eventweir_http::{HttpConfig, HttpFrontend};
use eventweir_web::{CertificateReloader, check_exposure};
use std::net::SocketAddr;
use tokio::sync::watch;

/// Binds the address, unless it would let in everybody from everywhere without anybody having said so.
///
/// # Errors
/// When the address, a limit or a certificate cannot be used.
pub(super) async fn bind(config: &Config, has_auth: bool) -> Result<HttpFrontend> {
    let web = &config.http;
    check_exposure(web.listen, web.tls.is_some(), has_auth, &web.insecure_listen).map_err(in_section)?;
    let mut http = HttpConfig::default();
    http.web = web.clone();
    http.sse = config.sse.clone();
    http.rse = config.rse.clone();
    http.public_metrics = config.metrics.public;
    HttpFrontend::bind(http).await.map_err(in_section)
}

/// The frontend names keys as its own section has them.
fn in_section(error: eventweir::Error) -> Failure {
    Failure::usage(format!("[http] {}", with_causes(&error)))
}

/// Says where the frontend listens, as a URL.
pub(super) fn url(address: SocketAddr, is_encrypted: bool) -> String {
    let scheme = if is_encrypted { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// Reads the certificate again when asked to, for as long as it is polled.
pub(super) async fn follow_certificate(
    reloader: Option<CertificateReloader>,
    mut asked: watch::Receiver<()>,
) {
    let Some(reloader) = reloader else { return std::future::pending().await };
    while asked.changed().await.is_ok() {
        if let Err(error) = reloader.reload() {
            tracing::error!(%error, "the new certificate cannot be used; the old one stays");
        }
    }
}
