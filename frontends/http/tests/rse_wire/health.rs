//! Defects of health, D33 to D39, done right.

use crate::support::{Server, Setup, TOKEN, tokens};
use eventweir::Storage;
use eventweir::auth::{StaticTokens, TokenEntry, hash_token};
use eventweir_memory::MemoryStorage;
use std::time::Duration;

#[tokio::test]
async fn health_is_one_path_for_two_verbs() {
    let server = Setup::new().auth(tokens(&[("shop", TOKEN, "/**", "/**")])).start().await;
    let head = server.send("HEAD", "/health", &[], b"").await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("3")));
    let post = server.send("POST", "/health", &[], b"").await;
    post.refuses(405, "POST");
    assert_eq!(post.header("allow"), Some("GET, HEAD"));
    server.send("GET", "/healthy", &[], b"").await.refuses(401, "");
    server.send("GET", "/health/", &[], b"").await.refuses(401, "");
}

#[tokio::test]
async fn d33_the_report_is_for_administrators_and_shows_no_event() {
    let admin = TokenEntry {
        name: "admin".into(),
        sha256: hash_token("tok-admin"),
        admin: true,
        ..TokenEntry::default()
    };
    let user = TokenEntry {
        name: "user".into(),
        sha256: hash_token(TOKEN),
        publish: vec![eventweir::Scope::parse("/**").unwrap()],
        ..TokenEntry::default()
    };
    let server = Setup::new().auth(StaticTokens::new([admin, user]).unwrap()).start().await;
    let headers = [("User-Agent", "x uuid/secret-client"), ("X-Auth-Token", TOKEN)];
    assert_eq!(server.send("POST", "/secret", &headers, b"[\"secret\"]").await.status, 201);
    let target = "/health?verbose=true";
    server.send("GET", target, &[], b"").await.refuses(401, "");
    assert_eq!(server.send("GET", target, &[("X-Auth-Token", TOKEN)], b"").await.status, 403);
    let report = server.send("GET", target, &[("X-Auth-Token", "tok-admin")], b"").await;
    assert_eq!(report.status, 200);
    assert_eq!(report.json()["stream"]["events"], 1);
    assert_eq!(report.json()["storage"]["durability"], "volatile");
    assert!(!report.text().contains("secret"), "{}", report.text());
}

#[tokio::test]
async fn d35_d36_a_store_that_is_down_is_503_at_once_and_the_report_tells_what_it_can() {
    let storage = MemoryStorage::new();
    let server = Setup::on(storage.clone()).start().await;
    storage.close().await.unwrap();
    server.get("/health").await.refuses(503, "");
    assert_eq!(server.send("HEAD", "/health", &[], b"").await.status, 503);
    let report = server.get("/health?verbose=yes").await;
    assert_eq!(report.status, 503);
    assert_eq!(report.json()["storage"]["error"], "closed");
    assert_eq!(report.json()["stream"]["error"], "closed");
    assert_eq!(report.json()["rse"]["test_mode"], false);
}

#[tokio::test]
async fn d23_flags_have_many_spellings_and_others_are_400() {
    let server = Server::start().await;
    for flag in ["y", "YES", "t", "True", "on", "1"] {
        assert!(server.get(&format!("/health?verbose={flag}")).await.json()["rse"].is_object());
    }
    for flag in ["n", "No", "f", "FALSE", "off", "0"] {
        assert_eq!(server.get(&format!("/health?verbose={flag}")).await.text(), "OK\n");
    }
    for name in ["verbose", "profile_db", "validate_db"] {
        for flag in ["", "2", "maybe", "truee"] {
            server
                .get(&format!("/health?{name}={flag}"))
                .await
                .refuses(400, &format!("Query parameter is yes or no: {name}"));
        }
    }
}

#[tokio::test]
async fn d39_age_neither_wraps_nor_turns_negative() {
    let server = Server::start().await;
    server.publish("/a", "[]").await;
    let age = async || server.get("/a").await.events()[0]["age"].clone();
    server.clock.advance(Duration::from_secs(86_400 * 3 + 7));
    assert_eq!(age().await, 86_400 * 3 + 7);
    server.clock.set("2030-01-02T03:04:00Z".parse().unwrap());
    assert_eq!(age().await, 0);
}
