//! TLS: both protocols, certificates that change, files that cannot be used.

use crate::support::{Raw, Running, SOON, config};
use bytes::Bytes;
use eventweir_web::{CertificateReloader, TlsConfig, WebServer};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate in files, as an operator has it.
struct Files {
    directory: TempDir,
}

impl Files {
    fn new() -> (Self, CertificateDer<'static>) {
        let files = Self { directory: tempfile::tempdir().unwrap() };
        let certificate = files.renew();
        (files, certificate)
    }

    fn paths(&self) -> TlsConfig {
        TlsConfig { certificate: self.path("certificate.pem"), key: self.path("key.pem") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } = certificate();
        std::fs::write(self.paths().certificate, cert.pem()).unwrap();
        std::fs::write(self.paths().key, signing_key.serialize_pem()).unwrap();
        cert.der().clone()
    }
}

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

async fn start(files: &Files) -> Running {
    let mut config = config();
    config.tls = Some(files.paths());
    Running::start(config).await
}

/// Shakes hands as a client that trusts one certificate and offers protocols.
async fn connect(
    running: &Running,
    trusted: &CertificateDer<'static>,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let socket = TcpStream::connect(running.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

async fn assert_served(running: &Running, trusted: &CertificateDer<'static>) {
    let mut client = Raw(connect(running, trusted, &["http/1.1"]).await.unwrap());
    client.send("GET /hello HTTP/1.1\r\nhost: localhost\r\norigin: https://localhost\r\n\r\n").await;
    assert_eq!(client.response().await.text(), "200 hello");
}

#[tokio::test]
async fn http_1_is_spoken_and_refused_alike_under_tls() {
    let (files, certificate) = Files::new();
    let running = start(&files).await;
    assert_served(&running, &certificate).await;
    let mut client = Raw(connect(&running, &certificate, &[]).await.unwrap());
    client.send("nonsense\r\n\r\n").await;
    assert_eq!(client.response().await.problem(), "400 malformed_request");
    client.assert_closed().await;
    running.stop().await;
}

#[tokio::test]
async fn http_2_is_spoken_to_those_who_offer_it() {
    let (files, certificate) = Files::new();
    let running = start(&files).await;
    let socket = connect(&running, &certificate, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    let connection = tokio::spawn(connection);
    for (target, status, text) in [
        ("https://localhost/hello", 200, "hello"),
        ("https://evil.test/hello", 421, "host_not_allowed"),
        ("https://localhost/refuse", 400, "so be it"),
    ] {
        let request = http::Request::get(target).body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains(text));
    }
    // The server says good-bye and the client leaves.
    running.stop().await;
    tokio::time::timeout(SOON, connection).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_dropping_anyone() {
    let (files, old) = Files::new();
    let (running, reloader) = start_with_reloader(&files).await;
    let mut standing = Raw(connect(&running, &old, &[]).await.unwrap());

    let new = files.renew();
    reloader.reload().unwrap();
    assert_served(&running, &new).await;
    assert!(connect(&running, &old, &[]).await.is_err(), "the old certificate is not served any more");

    std::fs::write(files.paths().key, certificate().signing_key.serialize_pem()).unwrap();
    let error = reloader.reload().unwrap_err().to_string();
    assert!(error.contains("certificate.pem cannot be used") && !error.contains('\n'), "{error}");
    assert_served(&running, &new).await;

    standing.send("GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(standing.response().await.text(), "200 hello");
}

async fn start_with_reloader(files: &Files) -> (Running, CertificateReloader) {
    let mut config = config();
    config.tls = Some(files.paths());
    let server = WebServer::bind(config).await.unwrap();
    let reloader = server.certificate_reloader().unwrap();
    (Running::serve(server), reloader)
}

#[tokio::test]
async fn a_changed_file_is_noticed() {
    let (files, old) = Files::new();
    let running = start(&files).await;
    assert_served(&running, &old).await;
    let new = files.renew();
    let noticed = async {
        while connect(&running, &new, &[]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(SOON, noticed).await.expect("noticed in time");
}

#[tokio::test]
async fn who_does_not_shake_hands_is_sent_away() {
    let (files, certificate) = Files::new();
    let mut config = config();
    config.tls = Some(files.paths());
    config.header_timeout = Duration::from_millis(200);
    let running = Running::start(config).await;
    let mut silent = running.connect().await;
    silent.assert_closed().await;
    assert_served(&running, &certificate).await;
}

#[tokio::test]
async fn who_speaks_plainly_is_told_to_use_tls() {
    let (files, _) = Files::new();
    let running = start(&files).await;
    let mut client = running.connect().await;
    client.send("GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(client.response().await.problem(), "400 tls_required");
    client.assert_closed().await;
}

#[tokio::test]
async fn an_idle_http_2_connection_is_ended_with_a_good_bye() {
    let (files, certificate) = Files::new();
    let mut config = config();
    config.tls = Some(files.paths());
    config.idle_timeout = Duration::from_millis(300);
    let running = Running::start(config).await;
    let socket = connect(&running, &certificate, &["h2"]).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("https://localhost/hello").body(Empty::<Bytes>::new()).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
    tokio::time::timeout(SOON, connection).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let (files, _) = Files::new();
    let good = |name| std::fs::read(files.path(name)).unwrap();
    let (certificate, key) = (good("certificate.pem"), good("key.pem"));
    for (broken_certificate, broken_key, named) in [
        (&b""[..], &key[..], "certificate.pem"),
        (&key[..], &key[..], "certificate.pem"),
        (&certificate[..], &b"nonsense"[..], "key.pem"),
        (&certificate[..], &certificate[..], "key.pem"),
    ] {
        std::fs::write(files.paths().certificate, broken_certificate).unwrap();
        std::fs::write(files.paths().key, broken_key).unwrap();
        let mut config = config();
        config.tls = Some(files.paths());
        let error = WebServer::bind(config).await.unwrap_err().to_string();
        assert!(error.contains(named) && !error.contains('\n'), "{error}");
    }
}
