use crate::client::{Server, sequences};
use serde_json::{Value, json};

const ONE: &str = "application/cloudevents+json";
const MANY: &str = "application/cloudevents-batch+json";

async fn read(server: &Server, path: &str) -> Value {
    server.send("GET", path, &[("accept", MANY)], "").await.expect(200)
}

#[tokio::test]
async fn binary_mode_keeps_all_attributes() {
    let server = Server::start().await;
    let headers = [
        ("ce-specversion", "1.0"),
        ("ce-id", "7"),
        ("ce-source", "/shop"),
        ("ce-type", "com.example.order"),
        ("ce-time", "2030-01-02T03:04:05Z"),
        ("ce-subject", "caf%C3%A9 %22x%22"),
        ("ce-tenant", "\"quoted\""),
        ("content-type", "application/json"),
    ];
    let answer = server.send("POST", "/v1/events/orders", &headers, r#"{"n":1}"#).await.expect(201);
    assert_eq!(answer["id"], "ce:5:/shop:7");
    assert_eq!(server.send("POST", "/v1/events/orders", &headers, "2").await.expect(200)["sequence"], 1);
    let page = server.get("/v1/events/orders").await.expect(200);
    assert_eq!(page["events"][0]["headers"]["ce-subject"], "café \"x\"");
    let events = read(&server, "/v1/events/orders").await;
    assert_eq!(
        events,
        json!([{
            "specversion": "1.0", "id": "7", "source": "/shop", "type": "com.example.order",
            "time": "2030-01-02T03:04:05Z", "subject": "café \"x\"", "tenant": "quoted",
            "datacontenttype": "application/json", "data": {"n": 1},
            "weirchannel": "/orders", "weirsequence": "1"
        }])
    );
    server.stop().await;
}

#[tokio::test]
async fn structured_mode_is_the_same_event() {
    let server = Server::start().await;
    let event = json!({
        "specversion": "1.0", "id": "7", "source": "/shop", "type": "t", "count": 3, "flag": true,
        "subject": null, "data": {"n": 1}
    });
    let answer = server.post("/v1/events/a", ONE, event.to_string()).await.expect(201);
    assert_eq!(answer["id"], "ce:5:/shop:7");
    let binary = [("ce-specversion", "1.0"), ("ce-id", "7"), ("ce-source", "/shop"), ("ce-type", "t")];
    server.send("POST", "/v1/events/a", &binary, "").await.expect(200);
    let back = &read(&server, "/v1/events/a").await[0];
    assert_eq!((&back["count"], &back["flag"]), (&json!("3"), &json!("true")));
    assert_eq!((&back["data"], &back["datacontenttype"]), (&json!({"n": 1}), &json!("application/json")));
    assert_eq!(back["subject"], Value::Null);
    server.stop().await;
}

#[tokio::test]
async fn data_comes_in_every_shape() {
    let server = Server::start().await;
    let base = |id: &str| json!({"specversion": "1.0", "id": id, "source": "/s", "type": "t"});
    let with = |id: &str, more: Value| {
        let mut event = base(id);
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let batch = json!([
        base("none"),
        with("text", json!({"datacontenttype": "text/plain", "data": "line\none"})),
        with("bytes", json!({"datacontenttype": "image/png", "data_base64": "AP8="})),
        with("zero", json!({"data": 0})),
        with("xml", json!({"datacontenttype": "application/xml", "data": "<a/>"})),
    ]);
    let answer = server.post("/v1/events/a", MANY, batch.to_string()).await.expect(201);
    assert_eq!(answer["events"].as_array().unwrap().len(), 5);
    let events = read(&server, "/v1/events/a").await;
    assert_eq!((&events[0]["data"], &events[0]["data_base64"]), (&Value::Null, &Value::Null));
    assert_eq!(events[1]["data"], "line\none");
    assert_eq!(
        (&events[2]["data_base64"], &events[2]["datacontenttype"]),
        (&json!("AP8="), &json!("image/png"))
    );
    assert_eq!(events[3]["data"], 0);
    assert_eq!(events[4]["data_base64"], "PGEvPg==");
    // What was read can be published again, and is the same.
    server.post("/v1/events/a", MANY, events.to_string()).await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn any_event_can_be_read_as_a_cloud_event() {
    let server = Server::start().await;
    let headers =
        [("event-id", "k"), ("event-header-traceparent", "00-1"), ("event-header-x-y", "no attribute")];
    server.send("POST", "/v1/events/%C3%A4", &headers, "").await.expect(201);
    let event = &read(&server, "/v1/events").await[0];
    assert_eq!((&event["id"], &event["source"]), (&json!("k"), &json!("/%C3%A4")));
    assert_eq!((&event["type"], &event["traceparent"]), (&json!("eventweir.event"), &json!("00-1")));
    assert_eq!(event["weirchannel"], "/ä");
    assert_eq!(read(&server, "/v1/events/none").await, json!([]));
    server.stop().await;
}

#[tokio::test]
async fn invalid_cloud_events_are_refused() {
    let server = Server::start().await;
    let good = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t"});
    for (key, value) in [
        ("specversion", json!("0.3")),
        ("specversion", json!(null)),
        ("id", json!("")),
        ("id", json!(null)),
        ("source", json!("a b")),
        ("type", json!("")),
        ("time", json!("yesterday")),
        ("Upper", json!("x")),
        ("under_score", json!("x")),
        ("nested", json!({})),
        ("big", json!(4294967296_u64)),
        ("float", json!(1.5)),
        ("data_base64", json!("%%%")),
        ("datacontenttype", json!("nonsense")),
    ] {
        let mut bad = good.clone();
        bad[key] = value.clone();
        server.post("/v1/events/a", ONE, bad.to_string()).await.problem(400, "invalid_input");
        let detail = server
            .post("/v1/events/a", MANY, json!([good, bad]).to_string())
            .await
            .problem(400, "invalid_input");
        assert!(detail.starts_with("event 2: "), "{key} {value}: {detail}");
    }
    let twice = r#"{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t"}"#;
    server.post("/v1/events/a", ONE, twice).await.problem(400, "invalid_input");
    let many: String = (0..100).map(|n| format!(",\"a{n}\":1")).collect();
    let many = format!("{}{many}}}", good.to_string().trim_end_matches('}'));
    server.post("/v1/events/a", ONE, many).await.problem(400, "invalid_input");
    let mut both = good.clone();
    (both["data"], both["data_base64"]) = (json!(1), json!(""));
    server.post("/v1/events/a", ONE, both.to_string()).await.problem(400, "invalid_input");
    server.post("/v1/events/a", ONE, "[]").await.problem(400, "invalid_input");
    server.post("/v1/events/a", MANY, "{}").await.problem(400, "invalid_input");
    let binary = [("ce-specversion", "1.0"), ("ce-id", "7"), ("ce-source", "/shop")];
    assert!(
        server.send("POST", "/v1/events/a", &binary, "").await.problem(400, "invalid_input").contains("type")
    );
    let keyed = [("content-type", ONE), ("idempotency-key", "k")];
    server.send("POST", "/v1/events/a", &keyed, good.to_string()).await.problem(400, "invalid_input");
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [0; 0]);
    server.post("/v1/events/a", MANY, "[]").await.expect(200);
    server.stop().await;
}
