use crate::client::{Server, config};
use eventweir_conformance::{FaultLayer, FaultRates};

#[tokio::test]
async fn health_is_about_the_process_and_readiness_about_the_store() {
    let server = Server::start().await;
    assert_eq!(server.get("/health").await.text(), "OK\n");
    assert_eq!(server.get("/ready").await.status, 200);
    assert_eq!(server.send("HEAD", "/health", &[], "").await.status, 200);
    server.broker.close().await.unwrap();
    assert_eq!(server.get("/health").await.text(), "OK\n");
    server.get("/ready").await.problem(503, "closed");
    server.get("/v1/events/a").await.problem(503, "closed");
    server.stop().await;
}

#[tokio::test]
async fn a_store_that_hangs_is_not_ready_and_that_is_said_soon() {
    let mut rates = FaultRates::NONE;
    rates.hang = 1.0;
    let hangs = FaultLayer::new(1, rates);
    hangs.switch(false);
    let layer = hangs.clone();
    let server = Server::with(config(), |builder| builder.layer(layer)).await;
    assert_eq!(server.get("/ready").await.status, 200);
    hangs.switch(true);
    server.get("/ready").await.problem(503, "timeout");
    hangs.switch(false);
    assert_eq!(server.get("/ready").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn metrics_count_what_happens() {
    let server = Server::start().await;
    server.post("/v1/events/a", "text/plain", "x").await.expect(201);
    server.get("/v1/events/a").await.expect(200);
    let metrics = server.get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    assert!(metrics.text().contains("eventweir_events_published_total 1"), "{}", metrics.text());
    assert!(metrics.text().ends_with("# EOF\n"));
    server.stop().await;
}

#[tokio::test]
async fn the_landing_page_names_what_there_is() {
    let server = Server::start().await;
    let page = server.get("/").await;
    assert!(page.header("content-type").starts_with("text/plain"));
    for path in page.text().split_whitespace().filter(|word| word.starts_with('/')) {
        let path = path.split('?').next().unwrap().replace("CHANNEL", "a");
        assert_ne!(server.get(&path).await.status, 404, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn nothing_at_an_address_is_a_problem() {
    let server = Server::start().await;
    for path in ["/v1", "/v1/", "/v1/event/a", "/v2/events/a", "/health/", "/favicon.ico", "/v1/streams/a/b"]
    {
        server.get(path).await.problem(404, "not_found");
    }
    server.stop().await;
}
