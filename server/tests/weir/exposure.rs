//! Whom the broker lets in without being told so.

use crate::support::{Broker, Request, run_in};

#[test]
fn beyond_loopback_only_when_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run_in(folder.path(), &[], &["serve", "--storage", "memory:", "--http", "0.0.0.0:0"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("insecure_listen.without_auth"), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");
    let permitted = [
        "--storage",
        "memory:",
        "--set",
        "http.insecure_listen.without_auth=true",
        "--set",
        "http.insecure_listen.without_tls=true",
    ];
    let broker = Broker::start_at(folder.path(), "0.0.0.0:0", &permitted);
    let address = ([127, 0, 0, 1], broker.address.port()).into();
    assert_eq!(Request::get("/health").send(address).unwrap().status, 200);
}
