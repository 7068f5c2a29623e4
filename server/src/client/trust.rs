//! Whom a client trusts.

use crate::failure::{Failure, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// Trusts the certificates of a file, or the well-known authorities when there is none.
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub(super) fn tls(ca: Option<&Path>) -> Result<ClientConfig> {
    let roots = match ca {
        Some(file) => from_file(file)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::failed(format!("TLS cannot be set up: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn from_file(file: &Path) -> Result<RootCertStore> {
    let refused = |why: String| Failure::usage(format!("--ca {}: {why}", file.display()));
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| refused(format!("the certificates cannot be read: {error}")))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| refused(format!("a certificate is refused: {error}")))?;
    }
    if roots.is_empty() {
        return Err(refused("it holds no certificate".to_owned()));
    }
    Ok(roots)
}
