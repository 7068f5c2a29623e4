//! TLS: served, trusted by a file, and read again under way.

use crate::support::{Broker, Stopping, run_in, wait_until};
use std::path::Path;

/// Writes a certificate for 127.0.0.1 that vouches for itself.
fn write_certificate(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}

#[test]
fn a_client_trusts_the_certificate_that_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_certificate(folder.path());
    std::fs::write(folder.path().join("first.pem"), first).unwrap();
    let tls = ["--set", "http.tls.certificate=cert.pem", "--set", "http.tls.key=key.pem"];
    let broker = Broker::start(folder.path(), &[&["--storage", "memory:"][..], &tls].concat());
    assert!(broker.url.starts_with("https://"), "{}", broker.url);
    let publish = |ca: &[&str]| {
        let arguments = [&["publish", "/a", "x", "--retry", "0"], ca].concat();
        run_in(folder.path(), &[("WEIR_URL", &broker.url)], &arguments)
    };
    publish(&["--ca", "first.pem"]).done();
    let stranger = publish(&[]);
    assert_eq!(stranger.code, Some(1), "{stranger:?}");
    assert!(stranger.stderr.contains("certificate"), "{stranger:?}");

    let second = write_certificate(folder.path());
    std::fs::write(folder.path().join("second.pem"), second).unwrap();
    broker.signal(Stopping::Reload);
    wait_until("the new certificate is shown", || publish(&["--ca", "second.pem"]).code == Some(0));
    assert_eq!(publish(&["--ca", "first.pem"]).code, Some(1));
}
