//! Connections that are encrypted.

use super::load::Load;
use super::support::*;
use eventweir::*;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};
use std::net::TcpListener;

/// Starts a server with a TLS port beside its plain one.
async fn start(folder: &std::path::Path) -> (RedisServer, String, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = RedisOptions::default()
        .with_password("hunter2")
        .with("tls-port", port)
        .with("tls-cert-file", certificate.display())
        .with("tls-key-file", key.display())
        .with("tls-ca-cert-file", certificate.display())
        .with("tls-auth-clients", "no");
    let server = RedisServer::start(options).await.unwrap();
    (server, format!("127.0.0.1:{port}"), certificate.display().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_and_wake_ups_go_over_tls_to_a_server_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (server, encrypted, certificate) = start(folder.path()).await;
    let url = format!("rediss://:hunter2@{encrypted}?tls_ca={certificate}");
    let storage = open(&url).await;
    let mut hints = storage.wakeups(&main_stream());
    let load = Load::start(&storage, &main_stream(), 4);
    load.more(50).await;
    let hint = tokio::time::timeout(PATIENCE, futures_util::StreamExt::next(&mut hints)).await;
    assert!(hint.unwrap().is_some());
    load.finish().await.is_exact();

    // Nobody whom the well-known authorities know; no TLS; a port that speaks nothing else; no file.
    let plain = server.address();
    for (url, words) in [
        (format!("rediss://:hunter2@{encrypted}"), "tls_ca=FILE"),
        (format!("rediss://:hunter2@{plain}?tls_ca={certificate}&connect_timeout=500ms"), "is it a TLS port"),
        (format!("redis://:hunter2@{encrypted}"), "Redis"),
        (format!("rediss://:hunter2@{encrypted}?tls_ca=nowhere.pem"), "nowhere.pem"),
    ] {
        let error = refused(&url).await;
        assert!(matches!(error.kind(), ErrorKind::Config | ErrorKind::Unavailable), "{error:?}");
        assert!(error.to_string().contains(words), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}
