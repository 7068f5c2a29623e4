use crate::client::{Server, sequences};

#[tokio::test]
async fn hostile_names_are_refused_and_reach_nothing() {
    let server = Server::start().await;
    server.post("/v1/events/a", "text/plain", "secret").await.expect(201);
    let long = format!("/v1/events/{}", "a".repeat(1100));
    let deep = format!("/v1/events{}", "/a".repeat(65));
    for path in [
        "/v1/events/.",
        "/v1/events/..",
        "/v1/events/x/../a",
        "/v1/events/%2e%2e/a",
        "/v1/events/x/%2E%2E/a",
        "/v1/events/a%00",
        "/v1/events/a%0a",
        "/v1/events/a%20b",
        "/v1/events/a%ff",
        "/v1/events/a%c0%af",
        "/v1/events/%252e%252e",
        "/v1/events/a%2",
        "/v1/events/*",
        "/v1/events/**",
        "/v1/events/a%3Fb",
        "/v1/events/a%23b",
        "/v1/events/a%5Cb",
        "/v1/events/a%E2%80%AEb",
        "/v1/events/a%E2%80%8B",
        &long,
        &deep,
    ] {
        for method in ["GET", "POST"] {
            let answer = server.send(method, path, &[], "").await;
            assert_eq!(answer.status, 400, "{method} {path}: {}", answer.text());
        }
        let channels = path.replace("/v1/events", "/v1/channels");
        assert_eq!(server.send("DELETE", &channels, &[], "").await.status, 400, "{channels}");
    }
    assert_eq!(server.get("/v1/channels").await.expect(200)["channels"].as_array().unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn names_that_look_alike_are_channels_of_their_own() {
    let server = Server::start().await;
    let names =
        ["/a", "/a/", "//a", "/A", "/a//b", "/a/b", "/%C3%A4", "/a%CC%88", "/a.", "/a..b", "/v1/events/a"];
    for name in names {
        server.post(&format!("/v1/events{name}"), "text/plain", name).await.expect(201);
    }
    for (at, name) in (1..).zip(names) {
        let page = server.get(&format!("/v1/events{name}")).await.expect(200);
        assert_eq!(sequences(&page), [at], "{name}");
    }
    // Spellings of one name in a URL are one channel: it is decoded once.
    for same in ["/v1/events/%61", "/v1/events/a/%62", "/v1/events/a%2Fb"] {
        assert_eq!(sequences(&server.get(same).await.expect(200)).len(), 1, "{same}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_name_of_64_kib_is_refused_without_harm() {
    let server = Server::start().await;
    let name = "a".repeat(64 << 10);
    let request = format!("GET /v1/events/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = server.raw(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 414") || answer.starts_with("HTTP/1.1 431"), "{answer}");
    server.get("/v1/events/a").await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn raw_bytes_in_a_request_line_do_no_harm() {
    let server = Server::start().await;
    for name in [&b"a\0b"[..], b"a\xffb", b"\xc3\xa4", b"a b"] {
        let mut request = b"GET /v1/events/".to_vec();
        request.extend_from_slice(name);
        request.extend_from_slice(b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = server.raw(&request).await;
        assert!(!answer.starts_with("HTTP/1.1 5"), "{name:?}: {answer}");
    }
    server.get("/v1/events/a").await.expect(200);
    server.stop().await;
}
