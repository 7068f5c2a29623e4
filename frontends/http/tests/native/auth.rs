use crate::client::{Answer, Server, config};
use eventweir::auth::{StaticTokens, TokenEntry, hash_token};
use eventweir_http::HttpConfig;

fn tokens() -> StaticTokens {
    let entry = |name: &str, admin: bool| {
        let mut entry = TokenEntry::default();
        (entry.name, entry.sha256, entry.admin) = (name.to_owned(), hash_token(name), admin);
        if !admin {
            (entry.read, entry.publish) =
                (vec!["subtree:/shop".parse().unwrap()], vec!["/shop".parse().unwrap()]);
        }
        entry
    };
    StaticTokens::new([entry("shop", false), entry("root", true)]).unwrap()
}

async fn server(config: HttpConfig) -> Server {
    Server::with(config, |builder| builder.auth(tokens())).await
}

async fn call(server: &Server, token: &str, method: &str, path: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    server.send(method, path, &[("authorization", &bearer)], "").await
}

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let server = server(config()).await;
    for (method, path) in [
        ("GET", "/v1/events/shop"),
        ("GET", "/v1/events"),
        ("POST", "/v1/events/shop"),
        ("POST", "/v1/commit"),
        ("GET", "/v1/consumers"),
        ("PUT", "/v1/consumers/c"),
        ("GET", "/v1/channels"),
        ("DELETE", "/v1/channels/shop"),
        ("GET", "/v1/streams"),
        ("DELETE", "/v1/streams/main"),
        ("GET", "/metrics"),
    ] {
        let answer = server.send(method, path, &[], "").await;
        answer.problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{method} {path}");
        call(&server, "wrong", method, path).await.problem(401, "unauthenticated");
    }
    for path in ["/", "/health", "/ready", "/openapi.json"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn rights_are_by_channel_and_deed() {
    let server = server(config()).await;
    call(&server, "shop", "POST", "/v1/events/shop").await.expect(201);
    call(&server, "shop", "GET", "/v1/events/shop/x").await.expect(200);
    for (method, path) in [
        ("POST", "/v1/events/shop/x"),
        ("POST", "/v1/events/other"),
        ("GET", "/v1/events/other"),
        ("GET", "/v1/events"),
        ("GET", "/v1/events/shop?channel=/other"),
        ("GET", "/v1/consumers/c"),
        ("GET", "/v1/channels"),
        ("DELETE", "/v1/channels/shop"),
        ("GET", "/v1/streams"),
        ("GET", "/metrics"),
    ] {
        call(&server, "shop", method, path).await.problem(403, "permission_denied");
    }
    call(&server, "root", "GET", "/v1/events").await.expect(200);
    call(&server, "root", "GET", "/v1/streams").await.expect(200);
    assert_eq!(call(&server, "root", "GET", "/metrics").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_public_when_they_are_meant_to_be() {
    let mut config = config();
    config.public_metrics = true;
    let server = server(config).await;
    assert_eq!(server.get("/metrics").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_browser_follows_with_its_token_in_the_query() {
    let server = server(config()).await;
    let stream = [("accept", "text/event-stream")];
    server.send("GET", "/v1/events/shop", &stream, "").await.problem(401, "unauthenticated");
    server
        .send("GET", "/v1/events/other?access_token=shop", &stream, "")
        .await
        .problem(403, "permission_denied");
    // Pages are for those who can set headers.
    server.get("/v1/events/shop?access_token=shop").await.problem(400, "invalid_input");
    server.stop().await;
}
