//! TLS: certificates from files, read again when they change.

use crate::TlsConfig;
use eventweir::{Error, ErrorKind, Result};
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// Encrypts connections with a certificate that can change under way: connections that stand keep the one they began with.
pub(crate) struct Tls {
    files: TlsConfig,
    current: RwLock<Arc<ServerConfig>>,
    read_at: RwLock<Option<Stamp>>,
}

/// Names the protocol that a client chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// When the two files were last changed.
type Stamp = [SystemTime; 2];

impl Tls {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), with the file that cannot be used.
    pub(crate) fn open(files: &TlsConfig) -> Result<Self> {
        let read_at = stamp(files);
        let current = RwLock::new(Arc::new(load(files)?));
        Ok(Self { files: files.clone(), current, read_at: RwLock::new(read_at) })
    }

    /// Reads the files again. If they cannot be used, the certificate in use stays.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), with the file that cannot be used.
    pub(crate) fn reload(&self) -> Result<()> {
        // Before reading: a file that changes meanwhile is read once more.
        *self.read_at.write() = stamp(&self.files);
        let fresh = Arc::new(load(&self.files)?);
        *self.current.write() = fresh;
        tracing::info!(certificate = %self.files.certificate.display(), "the certificate was read again");
        Ok(())
    }

    /// Reads the files again whenever they change. Never ends.
    pub(crate) async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(WATCH_INTERVAL).await;
            let tls = self.clone();
            let looked = tokio::task::spawn_blocking(move || tls.reload_if_changed()).await;
            if let Ok(Err(error)) = looked {
                tracing::error!(%error, "the new certificate cannot be used; the old one stays");
            }
        }
    }

    fn reload_if_changed(&self) -> Result<()> {
        let unchanged = stamp(&self.files) == *self.read_at.read();
        if unchanged { Ok(()) } else { self.reload() }
    }

    /// Shakes hands; `None` if the client could not.
    pub(crate) async fn accept(&self, socket: TcpStream) -> Option<(TlsStream<TcpStream>, Protocol)> {
        let acceptor = TlsAcceptor::from(self.current.read().clone());
        match acceptor.accept(socket).await {
            Ok(stream) => {
                let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                Some((stream, if http2 { Protocol::Http2 } else { Protocol::Http1 }))
            }
            Err(error) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

/// Reads a server's certificate again on demand: at a signal, for one. Clones belong to the same server.
#[derive(Clone, Debug)]
pub struct CertificateReloader(Arc<Tls>);

impl CertificateReloader {
    pub(crate) fn new(tls: Arc<Tls>) -> Self {
        Self(tls)
    }

    /// Reads the certificate and its key again, for connections to come. If they cannot be used, those in use stay.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), with the file that cannot be used.
    pub fn reload(&self) -> Result<()> {
        self.0.reload()
    }
}

fn stamp(files: &TlsConfig) -> Option<Stamp> {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    Some([changed(&files.certificate)?, changed(&files.key)?])
}

fn load(files: &TlsConfig) -> Result<ServerConfig> {
    let chain = load_chain(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unusable("the private key", &files.key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("TLS for the certificate", &files.certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| unusable("the certificate with its key", &files.certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn load_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unusable("the certificate", path, &error))?;
    if chain.is_empty() {
        return Err(unusable("the certificate", path, &"the file has none in PEM form"));
    }
    Ok(chain)
}

fn unusable(what: &str, path: &Path, why: &dyn fmt::Display) -> Error {
    Error::new(ErrorKind::Config, format!("{what} in {} cannot be used: {why}", path.display()))
}
