//! Tokens: made, checked, and replaced under way.

use crate::support::{Broker, EventStream, Request, Stopping, run_in, wait_until};
use std::net::SocketAddr;
use std::path::Path;

/// Makes a token by the program, and returns its secret and its entry.
fn make(folder: &Path, name: &str, rights: &[&str]) -> (String, String) {
    let ran = run_in(folder, &[], &[&["token", name], rights].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    (ran.stderr.trim().to_owned(), ran.stdout)
}

fn publish(address: SocketAddr, channel: &str, token: &str) -> u16 {
    let request = Request::post(&format!("/v1/events{channel}"), b"x")
        .with("authorization", &format!("Bearer {token}"));
    request.send(address).unwrap().status
}

#[test]
fn a_token_is_made_with_its_rights_and_only_its_hash_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, entry) = make(folder.path(), "shop", &["--publish", "/orders/**", "--read", "/news"]);
    assert!(secret.len() >= 45 && !entry.contains(&secret), "{entry}");
    assert_ne!(make(folder.path(), "shop", &[]).0, secret);
    std::fs::write(folder.path().join("tokens.toml"), entry).unwrap();
    let broker = Broker::start(folder.path(), &["--storage", "memory:", "--tokens", "tokens.toml"]);
    assert_eq!(publish(broker.address, "/orders/eu", &secret), 201);
    assert_eq!(publish(broker.address, "/news", &secret), 403);
    assert_eq!(publish(broker.address, "/orders/eu", "another"), 401);
    let anonymous = Request::get("/v1/events/news").send(broker.address).unwrap();
    assert_eq!(anonymous.status, 401);
    let read =
        run_in(folder.path(), &[("WEIR_URL", &broker.url), ("WEIR_TOKEN", &secret)], &["read", "/news"]);
    assert_eq!(read.code, Some(0), "{read:?}");
    assert!(!broker.log().contains(&secret));
}

#[test]
fn a_new_list_counts_at_once_and_connections_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (staying, staying_entry) = make(folder.path(), "staying", &[]);
    let (leaving, leaving_entry) = make(folder.path(), "leaving", &[]);
    let (coming, coming_entry) = make(folder.path(), "coming", &[]);
    let file = folder.path().join("tokens.toml");
    std::fs::write(&file, format!("{staying_entry}{leaving_entry}")).unwrap();
    let arguments = [
        "--storage",
        "memory:",
        "--tokens",
        "tokens.toml",
        "--set",
        "limits.recheck=1s",
        "--set",
        "sse.heartbeat=1s",
    ];
    let broker = Broker::start(folder.path(), &arguments);
    let follow = |token: &str| {
        let bearer = format!("Bearer {token}");
        EventStream::open(broker.address, "/v1/events/a", &[("authorization", &bearer)], None).unwrap()
    };
    let (mut stays, mut leaves) = (follow(&staying), follow(&leaving));

    // A broken file changes nothing, and is told once.
    std::fs::write(&file, "[[token]]\nname = ").unwrap();
    wait_until("the broken file is told", || broker.log().contains("stays as it was"));
    assert_eq!(publish(broker.address, "/a", &leaving), 201);
    assert!(stays.event().is_ok() && leaves.event().is_ok());

    // By a change of the file.
    std::fs::write(&file, format!("{staying_entry}{coming_entry}")).unwrap();
    wait_until("the new token counts", || publish(broker.address, "/b", &coming) == 201);
    assert_eq!(publish(broker.address, "/b", &leaving), 401);
    // The stream of the token that is gone ends with a word or without, and the other goes on.
    while leaves.frame().is_ok_and(|frame| frame.name != "error") {}
    assert_eq!(publish(broker.address, "/a", &staying), 201);
    assert!(stays.event().is_ok());
    assert_eq!(broker.log().matches("stays as it was").count(), 1, "{}", broker.log());

    // By a signal.
    std::fs::write(&file, staying_entry).unwrap();
    broker.signal(Stopping::Reload);
    wait_until("the token is gone", || publish(broker.address, "/b", &coming) == 401);
    assert_eq!(publish(broker.address, "/a", &staying), 201);
    assert!(stays.event().is_ok());
}
