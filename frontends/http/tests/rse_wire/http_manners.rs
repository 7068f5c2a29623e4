//! Defects of HTTP, D23 to D29, done right.

use crate::support::{PANEL, SHOP, Server, Setup, TOKEN, tokens};

fn guarded() -> Setup {
    Setup::new().auth(tokens(&[("shop", TOKEN, "/**", "/**")]))
}

#[tokio::test]
async fn d23_d24_other_verbs_are_405_and_say_what_is_allowed() {
    let server = Server::start().await;
    for verb in ["PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let answer = server.send(verb, "/a", &[("User-Agent", SHOP)], b"").await;
        answer.refuses(405, verb);
        assert_eq!(answer.header("allow"), Some("GET, POST"));
    }
    let head = server.send("HEAD", "/a", &[("User-Agent", SHOP)], b"").await;
    assert_eq!((head.status, head.header("allow")), (405, Some("GET, POST")));
}

#[tokio::test]
async fn d24_the_token_comes_before_the_verb_and_401_names_the_scheme() {
    let server = guarded().start().await;
    for (verb, target) in [("PUT", "/a"), ("GET", "/a"), ("POST", "/a"), ("GET", "/a.b?sort=x")] {
        let answer = server.send(verb, target, &[("User-Agent", SHOP)], b"").await;
        answer.refuses(401, "");
        assert!(answer.header("www-authenticate").is_some());
    }
    let with_token = [("User-Agent", SHOP), ("X-Auth-Token", TOKEN)];
    server.send("PUT", "/a", &with_token, b"").await.refuses(405, "PUT");
    server.send("GET", "/", &[], b"").await.refuses(404, "URI not found: /");
}

#[tokio::test]
async fn d25_nothing_is_to_be_cached() {
    let server = Server::start().await;
    for answer in [
        server.post("/a", "[]").await,
        server.get("/a").await,
        server.get("/a?last-known-id=1").await,
        server.get("/a?callback=f").await,
        server.get("/a?method=POST&post-data=%5B%5D").await,
        server.get("/health").await,
        server.get("/").await,
    ] {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    }
}

#[tokio::test]
async fn d26_prefetchers_and_pages_of_other_sites_cannot_publish_through_get() {
    let server = guarded().unguarded().start().await;
    let target = "/a?method=POST&post-data=%5B1%5D";
    let token = ("X-Auth-Token", TOKEN);
    for header in [
        ("Sec-Purpose", "prefetch;prerender"),
        ("Purpose", "prefetch"),
        ("X-Moz", "prefetch"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        server.get_with(target, &[token, header]).await.refuses(403, "Publishing through GET is refused");
    }
    server.get(target).await.refuses(401, "");
    let nobody = server.send("GET", target, &[("User-Agent", "browser"), token], b"").await;
    nobody.refuses(400, "Missing UUID in User-Agent header");
    let own = server.get_with(target, &[token, ("Sec-Fetch-Site", "same-origin")]).await;
    assert_eq!((own.status, own.header("x-rse-event-id")), (201, Some("1")));
}

#[tokio::test]
async fn a_script_of_another_site_reads_nothing_without_a_token() {
    let open = Setup::new().unguarded().start().await;
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    let answer = open.get_with("/a?callback=f&access_token=made-up", &foreign).await;
    answer.refuses(403, "A page of another site needs a token");
    let closed = guarded().unguarded().start().await;
    let answer = closed.get_with(&format!("/a?callback=f&access_token={TOKEN}"), &foreign).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn script_tags_can_be_turned_off() {
    let server = Setup::new().config(|config| config.with_jsonp(false)).start().await;
    server.get("/a?callback=f").await.refuses(400, "Callbacks are turned off");
    server.post("/a?callback=f", "[1]").await.refuses(400, "Callbacks are turned off");
    let tunnelled = server.get("/a?method=POST&post-data=%5B1%5D").await;
    tunnelled.refuses(403, "Publishing through GET is turned off");
    assert_eq!(server.get("/a?echo=true&callback=").await.status, 204);
}

#[tokio::test]
async fn d27_every_publish_is_told_its_id() {
    let server = Server::start().await;
    let answers = [
        server.post("/a", "[]").await,
        server.post("/a?callback=f", "[]").await,
        server.get("/a?method=POST&post-data=%5B%5D").await,
        server.get("/a?method=POST&post-data=%5B%5D&callback=f").await,
    ];
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(answer.header("x-rse-event-id"), Some((at + 1).to_string().as_str()));
        assert_eq!(answer.header("x-rse-epoch").map(str::len), Some(16));
    }
}

#[tokio::test]
async fn d28_scripts_are_named_strictly_and_never_sniffed() {
    let server = Server::start().await;
    let answer = server.get("/a?callback=on_Events9").await;
    assert_eq!(answer.text(), "on_Events9({\"channel\":\"/a\",\"events\":[]});");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    for bad in ["a.b", "a%20b", "a%0a", "%C3%A4", "a;b", "a(b", "%2F**%2F"] {
        server.get(&format!("/a?callback={bad}")).await.refuses(400, "Invalid callback name");
    }
}

#[tokio::test]
async fn d29_script_tags_can_authenticate_and_say_who_they_are() {
    let server = guarded().start().await;
    let browser = [("User-Agent", "Mozilla/5.0")];
    let query = format!("access_token={TOKEN}&client-id=page-7&callback=f");
    let publish = format!("/a?{query}&method=POST&post-data=%5B1%5D");
    assert_eq!(server.send("GET", &publish, &browser, b"").await.text(), "f({});");
    let own = server.send("GET", &format!("/a?{query}"), &browser, b"").await;
    assert_eq!(own.text(), "f({\"channel\":\"/a\",\"events\":[]});");
    let all = server.get_with("/a", &[("X-Auth-Token", TOKEN)]).await;
    assert_eq!(all.events()[0]["user_agent"], "Mozilla/5.0");
    let wrong = server.send("GET", "/a?access_token=%20&callback=f", &browser, b"").await;
    wrong.refuses(401, "");
    let long = format!("/a?access_token={TOKEN}&client-id={}", "x".repeat(37));
    server.send("GET", &long, &browser, b"").await.refuses(400, "Invalid query parameter: client-id");
}

#[tokio::test]
async fn checks_come_in_their_order() {
    let server = Server::start().await;
    let none: [(&str, &str); 0] = [];
    server
        .send("GET", "/a?sort=x", &none, b"")
        .await
        .refuses(400, "Query parameter is not a whole number: sort");
    server.send("GET", "/a?callback=a.b", &none, b"").await.refuses(400, "Missing header: User-Agent");
    let nobody = [("User-Agent", "nobody")];
    server.send("POST", "/a?callback=a.b", &nobody, b"7").await.refuses(400, "Invalid JSON");
    server.send("POST", "/a?callback=a.b", &nobody, b"[]").await.refuses(400, "Missing UUID");
    server.send("POST", "/a", &none, b"7").await.refuses(400, "Missing header: User-Agent");
    let missing = server.send("GET", "/a?method=POST&sort=x", &none, b"").await;
    missing.refuses(400, "Missing query parameter: post-data");
    let other = server.send("GET", "/a?method=post&post-data=7", &[("User-Agent", PANEL)], b"").await;
    assert_eq!(other.status, 204, "any other value of method makes an ordinary poll");
}
