use crate::client::{Server, config};
use eventweir_http::rse::RseMount;

const AGENT: (&str, &str) = ("user-agent", "uuid/4e7a4a7e-6a4e-4d9e-8b5e-0a3f6c2d1b00 test");

async fn mounted(mount: RseMount) -> Server {
    let mut config = config();
    config.rse.mount = mount;
    Server::with(config, |builder| builder).await
}

#[tokio::test]
async fn rse_is_beside_the_native_api_unless_said_otherwise() {
    let server = Server::start().await;
    server.post("/v1/events/a", "application/json", "{}").await.expect(201);
    let page = server.send("GET", "/rse/a?echo=true", &[AGENT], "").await;
    assert!(page.status.is_success() && page.text().contains("/a"), "{}", page.text());
    server.get("/a").await.problem(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn rse_at_the_root_leaves_the_native_api_its_paths() {
    let server = mounted(RseMount::Root).await;
    server.post("/v1/events/a", "application/json", "{}").await.expect(201);
    let page = server.send("GET", "/a?echo=true", &[AGENT], "").await;
    assert!(page.status.is_success() && page.text().contains("/a"), "{}", page.text());
    server.get("/v1/events/a").await.expect(200);
    assert_eq!(server.get("/health").await.text(), "OK\n");
    server.stop().await;
}

#[tokio::test]
async fn rse_can_be_off() {
    let server = mounted(RseMount::Off).await;
    server.get("/rse/a").await.problem(404, "not_found");
    server.stop().await;
}
