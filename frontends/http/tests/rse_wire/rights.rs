//! Defects of authentication, D30 to D32, done right.

use crate::support::{PANEL, SHOP, Setup, TOKEN, tokens};

#[tokio::test]
async fn d30_rights_are_by_channel_for_reading_and_writing() {
    let auth = tokens(&[("till", TOKEN, "/shop/**", ""), ("clerk", "tok-clerk", "", "/shop/eu /shop")]);
    let server = Setup::new().auth(auth).start().await;
    let till = [("User-Agent", SHOP), ("X-Auth-Token", TOKEN)];
    let clerk = [("User-Agent", PANEL), ("X-Auth-Token", "tok-clerk")];
    assert_eq!(server.send("POST", "/shop/eu", &till, b"[1]").await.status, 201);
    assert_eq!(server.send("GET", "/shop/eu", &clerk, b"").await.ids(), [1]);
    assert_eq!(server.send("GET", "/shop/eu?events=parent", &clerk, b"").await.ids(), [1]);
    for (verb, target, headers) in [
        ("POST", "/other", &till),
        ("GET", "/shop/eu", &till),
        ("POST", "/shop/eu", &clerk),
        ("GET", "/shop/eu?events=all", &clerk),
        ("GET", "/shop/eu/x", &clerk),
        ("GET", "/shop/eu?wait=60&events=all", &clerk),
    ] {
        let answer = server.send(verb, target, headers, b"[1]").await;
        assert_eq!(answer.status, 403, "{verb} {target}: {answer:?}");
        assert!(answer.text().starts_with("{ \"message\": \""));
    }
}

#[tokio::test]
async fn d31_a_token_of_any_shape_is_401() {
    let server = Setup::new().auth(tokens(&[("shop", TOKEN, "/**", "/**")])).start().await;
    let long = "x".repeat(300);
    let longest = "x".repeat(5000);
    for token in ["", "no", "a b", "a\tb", "\u{e4}", &long, &longest] {
        let headers = [("User-Agent", SHOP), ("X-Auth-Token", token)];
        server.send("GET", "/a", &headers, b"").await.refuses(401, "");
    }
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("User-Agent", SHOP), ("Authorization", bearer.as_str())];
    assert_eq!(server.send("GET", "/a", &headers, b"").await.status, 204);
}
