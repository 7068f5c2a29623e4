//! TLS, for brokers behind `https`.

use crate::delivery::Address;
use eventweir::{Error, ErrorKind, Result};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// Talks TLS over a connection, with the host of the URL as the server's name.
pub(super) async fn over(stream: TcpStream, address: &Address) -> Result<TlsStream<TcpStream>> {
    let host = address.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host)
        .map_err(|_| Error::invalid(format!("{:?} is no name of a TLS server", address.host())))?;
    let connector = TlsConnector::from(Arc::new(config(address)?));
    connector.connect(name, stream).await.map_err(super::failure::unreachable)
}

fn config(address: &Address) -> Result<ClientConfig> {
    let roots = match address.certificates() {
        Some(pem) => listed(pem)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Config, "TLS cannot be set up").with_source(error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn listed(pem: &str) -> Result<RootCertStore> {
    let refused = |error| Error::new(ErrorKind::Config, "the certificates cannot be read").with_source(error);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| refused(format!("{error:?}")))?;
        roots.add(certificate).map_err(|error| refused(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(refused("there is none".to_owned()));
    }
    Ok(roots)
}
