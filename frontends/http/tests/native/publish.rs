use crate::client::{Server, sequences};
use serde_json::json;

#[tokio::test]
async fn what_is_published_comes_back_as_it_was() {
    let server = Server::start().await;
    let headers = [
        ("content-type", "application/json"),
        ("event-id", "first"),
        ("event-source", "shop-1"),
        ("Event-Header-Trace", "abc, def"),
    ];
    let created = server.send("POST", "/v1/events/orders/eu", &headers, r#"{"b": 1.0, "a":[ ]}"#).await;
    let answer = created.expect(201);
    assert_eq!(answer["sequence"], 1);
    assert_eq!(answer["id"], "first");
    assert_eq!(answer["channel"], "/orders/eu");
    assert_eq!(answer["duplicate"], false);
    assert_eq!((created.header("event-sequence"), created.header("event-id")), ("1", "first"));

    // The location is relative to the address that was posted to, and holds this event alone.
    server.post("/v1/events/orders/eu", "text/plain", "other").await.expect(201);
    let page = server.get(&format!("/v1/events/orders/eu{}", created.header("location"))).await;
    assert!(page.text().contains(r#""data":{"b": 1.0, "a":[ ]}"#), "{}", page.text());
    let page = page.expect(200);
    assert_eq!(sequences(&page), [1]);
    let event = &page["events"][0];
    assert_eq!(event["source"], "shop-1");
    assert_eq!(event["headers"], json!({"trace": "abc, def"}));
    assert_eq!(page["position"], answer["position"]);
    server.stop().await;
}

#[tokio::test]
async fn any_bytes_are_an_event() {
    let server = Server::start().await;
    let answer = server.send("POST", "/v1/events/a", &[], vec![0, 255, 10]).await.expect(201);
    assert_eq!(answer["id"].as_str().unwrap().len(), 36);
    server.send("POST", "/v1/events/a", &[], "").await.expect(201);
    let page = server.get("/v1/events/a").await.expect(200);
    assert_eq!(page["events"][0]["content_type"], "application/octet-stream");
    assert_eq!(page["events"][0]["data_base64"], "AP8K");
    assert_eq!(page["events"][1]["data_base64"], "");
    server.stop().await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name() {
    let server = Server::start().await;
    let json = |body: &'static str| server.post("/v1/events/a", "application/json", body);
    assert!(json("{").await.problem(400, "invalid_input").contains("JSON"));
    json("").await.problem(400, "invalid_input");
    json("[1] [2]").await.problem(400, "invalid_input");
    server.post("/v1/events/a", "nonsense", "x").await.problem(400, "invalid_input");
    server.post("/v1/events/a?wait=3", "text/plain", "x").await.problem(400, "invalid_input");
    for (name, value) in [
        ("event-id", "\u{7f}"),
        ("event-header-a b", "1"),
        ("expect-head", "-1"),
        ("expect-head", "1e3"),
        ("event-source", ""),
    ] {
        if http::HeaderValue::from_str(value).is_ok() && http::HeaderName::try_from(name).is_ok() {
            let answer = server.send("POST", "/v1/events/a", &[(name, value)], "x").await;
            assert!(answer.status.is_client_error(), "{name}: {value:?}");
        }
    }
    let twice = [("event-source", "a"), ("event-source", "b")];
    server.send("POST", "/v1/events/a", &twice, "x").await.problem(400, "invalid_input");
    let twice = [("event-header-a", "1"), ("event-header-a", "2")];
    server.send("POST", "/v1/events/a", &twice, "x").await.problem(400, "invalid_input");
    let many: Vec<_> = (0..65).map(|n| format!("event-header-{n}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
    server.send("POST", "/v1/events/a", &many, "x").await.problem(413, "too_large");
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [0; 0]);
    server.stop().await;
}

#[tokio::test]
async fn an_event_has_at_most_a_mebibyte() {
    let server = Server::start().await;
    server.post("/v1/events/a", "text/plain", vec![b'x'; 1 << 20]).await.expect(201);
    server.post("/v1/events/a", "text/plain", vec![b'x'; (1 << 20) + 1]).await.problem(413, "body_too_large");
    assert_eq!(server.get("/v1/events/a?limit=9").await.expect(200)["events"].as_array().unwrap().len(), 1);
    server.stop().await;
}
