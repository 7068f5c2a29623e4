use crate::client::{Server, sequences};
use serde_json::json;

const NDJSON: &str = "application/x-ndjson";

#[tokio::test]
async fn lines_are_published_together() {
    let server = Server::start().await;
    let lines = concat!(
        r#"{"data": null}"#,
        "\r\n\n",
        r#"{"id":"two","channel":"/orders/eu","data":{"b": 1.0},"headers":{"T":"1"},"source":"me"}"#,
        "\n",
        r#"{"id":"two","data_base64":"AP8=","content_type":"image/png"}"#,
        "\n",
        r#"{"data_base64":"AP8="}"#
    );
    let answer = server
        .send("POST", "/v1/events/orders", &[("content-type", NDJSON), ("event-source", "all")], lines)
        .await
        .expect(201);
    let duplicates: Vec<_> = answer["events"].as_array().unwrap().iter().map(|e| &e["duplicate"]).collect();
    assert_eq!(duplicates, [false, false, true, false]);
    let page = server.get("/v1/events/orders?match=subtree").await.expect(200);
    assert_eq!(page["position"], answer["position"]);
    assert_eq!(sequences(&page), [1, 2, 3]);
    let events = &page["events"];
    assert_eq!((&events[0]["data"], &events[0]["source"]), (&json!(null), &json!("all")));
    assert_eq!((&events[1]["channel"], &events[1]["source"]), (&json!("/orders/eu"), &json!("me")));
    assert_eq!(events[1]["headers"], json!({"t": "1"}));
    assert_eq!(events[2]["data_base64"], "AP8=");
    server.stop().await;
}

#[tokio::test]
async fn one_bad_line_refuses_all_and_is_named() {
    let server = Server::start().await;
    for bad in [
        "{",
        "[]",
        "{}",
        r#"{"data":1,"data_base64":""}"#,
        r#"{"data":1,"colour":"red"}"#,
        r#"{"data":1,"channel":"/other"}"#,
        r#"{"data":1,"channel":"/ab"}"#,
        r#"{"data":1,"channel":"/a/../b"}"#,
        r#"{"data":1,"content_type":"text/plain"}"#,
        r#"{"data_base64":"no base64"}"#,
        r#"{"data_base64":"ew==","content_type":"application/json"}"#,
        r#"{"data":1,"id":""}"#,
        r#"{"data":1,"headers":{"a b":"c"}}"#,
        r#"{"data":1} {"data":2}"#,
    ] {
        let lines = format!("{{\"data\":1}}\n\n{bad}\n{{\"data\":2}}");
        let detail = server.post("/v1/events/a", NDJSON, lines).await.problem(400, "invalid_input");
        assert!(detail.starts_with("line 3: "), "{bad}: {detail}");
    }
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [0; 0]);
    server.stop().await;
}

#[tokio::test]
async fn too_many_lines_are_refused_before_they_are_read() {
    let server = Server::start().await;
    let lines = "{\"data\":1}\n".repeat(1001);
    let detail = server.post("/v1/events/a", NDJSON, lines).await.problem(413, "too_large");
    assert!(detail.contains("1001"), "{detail}");
    server.post("/v1/events/a", NDJSON, "{\"data\":1}\n".repeat(1000)).await.expect(201);
    server.stop().await;
}

#[tokio::test]
async fn without_a_channel_in_the_address_each_line_names_its_own() {
    let server = Server::start().await;
    let lines = "{\"data\":1,\"channel\":\"/a\"}\n{\"data\":2,\"channel\":\"/b\"}";
    server.post("/v1/events", NDJSON, lines).await.expect(201);
    server.post("/v1/events", NDJSON, "{\"data\":1}").await.problem(400, "invalid_input");
    server.post("/v1/events", "application/json", "{}").await.problem(400, "invalid_input");
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [1, 2]);
    server.stop().await;
}

#[tokio::test]
async fn what_was_read_as_lines_can_be_published_elsewhere() {
    let (from, to) = (Server::start().await, Server::start().await);
    from.send("POST", "/v1/events/a", &[("event-id", "x"), ("event-header-k", "v")], "bytes")
        .await
        .expect(201);
    from.post("/v1/events/b", "application/json", "[1]").await.expect(201);
    let lines = from.send("GET", "/v1/events", &[("accept", NDJSON)], "").await;
    for _ in 0..2 {
        assert!(to.post("/v1/events", NDJSON, lines.body.clone()).await.status.is_success());
    }
    let (one, other) = (from.get("/v1/events").await.expect(200), to.get("/v1/events").await.expect(200));
    for at in 0..2 {
        for key in ["id", "channel", "headers", "content_type", "data", "data_base64"] {
            assert_eq!(one["events"][at][key], other["events"][at][key]);
        }
    }
    assert_eq!(sequences(&other), [1, 2]);
    from.stop().await;
    to.stop().await;
}
