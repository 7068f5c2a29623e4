//! Web pages, seen from the wire.

use crate::support::{Answer, Running, config};

async fn ask(running: &Running, method: &str, headers: &str) -> Answer {
    let mut client = running.connect().await;
    client.send(format!("{method} /hello HTTP/1.1\r\n{headers}\r\n")).await;
    client.response().await
}

#[tokio::test]
async fn foreign_pages_get_no_further_than_the_door() {
    let running = Running::start(config()).await;
    for (headers, expected) in [
        ("", "400 host_missing"),
        ("host: localhost\r\nhost: evil.test\r\n", "400 host_missing"),
        ("host: evil.test\r\n", "421 host_not_allowed"),
        ("host: localhost\r\norigin: http://evil.test\r\n", "403 origin_not_allowed"),
        ("host: localhost\r\norigin: null\r\n", "403 origin_not_allowed"),
        (
            "host: localhost\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors\r\n",
            "403 origin_not_allowed",
        ),
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let answer = ask(&running, method, headers).await;
            assert_eq!(answer.problem(), expected, "{method} {headers}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"));
        }
    }
    let own = ask(&running, "GET", "host: localhost:1\r\norigin: http://localhost:1\r\n").await;
    assert_eq!(own.text(), "200 hello");
    assert_eq!(own.headers["x-content-type-options"], "nosniff");
    assert!(!own.headers.contains_key("vary"), "answers are alike for all origins");
}

#[tokio::test]
async fn pages_of_allowed_origins_are_served() {
    let mut config = config();
    config.allowed_origins = vec!["https://app.test".into()];
    let running = Running::start(config).await;
    let page = "host: localhost\r\norigin: https://app.test\r\nsec-fetch-site: cross-site\r\n";

    let question = format!(
        "{page}access-control-request-method: POST\r\naccess-control-request-headers: authorization\r\n"
    );
    let preflight = ask(&running, "OPTIONS", &question).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.headers["access-control-allow-origin"], "https://app.test");
    assert_eq!(preflight.headers["access-control-allow-headers"], "authorization");
    assert!(preflight.headers["access-control-allow-methods"].contains("POST"));

    let answer = ask(&running, "GET", page).await;
    assert_eq!(answer.text(), "200 hello");
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.test");
    assert_eq!(answer.headers["access-control-expose-headers"], "*");
    assert_eq!(answer.headers["vary"], "origin");

    let long = ask(&running, "GET", &format!("{page}content-length: 99999999\r\n")).await;
    assert_eq!(long.problem(), "413 body_too_large");
    assert_eq!(
        long.headers["access-control-allow-origin"], "https://app.test",
        "a page may read its problems"
    );

    let program = ask(&running, "GET", "host: localhost\r\n").await;
    assert_eq!(program.headers["vary"], "origin", "a cache must not give this answer to a page");
    assert!(!program.headers.contains_key("access-control-allow-origin"));
}
