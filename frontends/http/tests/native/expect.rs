use crate::client::{Server, sequences};

#[tokio::test]
async fn a_head_that_moved_is_a_failed_precondition() {
    let server = Server::start().await;
    let send = async |channel: &str, name: &str, value: &str| {
        server.send("POST", &format!("/v1/events{channel}"), &[(name, value)], "x").await
    };
    send("/a", "expect-channel-head", "0").await.expect(201);
    let detail = send("/a", "expect-channel-head", "0").await.problem(412, "conflict");
    assert!(detail.contains("/a is 1, not 0"), "{detail}");
    send("/b", "expect-channel-head", "0").await.expect(201);
    send("/a", "expect-head", "1").await.problem(412, "conflict");
    send("/a", "expect-head", "2").await.expect(201);
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [1, 2, 3]);
    server.stop().await;
}

#[tokio::test]
async fn a_batch_expects_too() {
    let server = Server::start().await;
    let headers = [("content-type", "application/x-ndjson"), ("expect-head", "0")];
    let lines = "{\"data\":1}\n{\"data\":2}";
    server.send("POST", "/v1/events/a", &headers, lines).await.expect(201);
    server.send("POST", "/v1/events/a", &headers, lines).await.problem(412, "conflict");
    let headers = [("content-type", "application/x-ndjson"), ("expect-channel-head", "0")];
    let lines = "{\"data\":1,\"channel\":\"/a\"}";
    server.send("POST", "/v1/events", &headers, lines).await.problem(400, "invalid_input");
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [1, 2]);
    server.stop().await;
}

#[tokio::test]
async fn two_expectations_exclude_each_other() {
    let server = Server::start().await;
    let headers = [("expect-head", "0"), ("expect-channel-head", "0")];
    server.send("POST", "/v1/events/a", &headers, "x").await.problem(400, "invalid_input");
    server.stop().await;
}
