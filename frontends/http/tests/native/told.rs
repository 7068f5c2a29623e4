use crate::client::{Server, sequences};
use serde_json::{Value, json};

const NDJSON: (&str, &str) = ("accept", "application/x-ndjson");
const CLOUD: (&str, &str) = ("accept", "application/cloudevents-batch+json");

#[tokio::test]
async fn a_gap_is_told_in_every_form() {
    let server = Server::start().await;
    for _ in 0..4 {
        server.post("/v1/events/a", "text/plain", "x").await.expect(201);
    }
    let trimmed = server.json("POST", "/v1/streams/main/trim", json!({"max_events": 1})).await.expect(200);
    assert_eq!(trimmed["removed"], 3);
    let gap = json!({"after": 1, "resume_at": 4});
    let page = server.get("/v1/events/a?after=1").await.expect(200);
    assert_eq!((sequences(&page), &page["gap"]), (vec![4], &gap));
    let lines = server.send("GET", "/v1/events/a?after=1", &[NDJSON], "").await;
    let first: Value = serde_json::from_str(lines.text().lines().next().unwrap()).unwrap();
    assert_eq!(first, json!({"gap": gap}));
    assert_eq!(serde_json::from_str::<Value>(lines.header("event-gap")).unwrap(), gap);
    let events = server.send("GET", "/v1/events/a?after=1", &[CLOUD], "").await.expect(200);
    assert_eq!((&events[0]["type"], &events[0]["data"]), (&json!("eventweir.gap"), &gap));
    // Who begins with the oldest retained event misses nothing.
    assert_eq!(server.get("/v1/events/a").await.expect(200)["gap"], Value::Null);
    server.stop().await;
}

#[tokio::test]
async fn a_reset_is_told_in_every_form() {
    let server = Server::start().await;
    let old = server.post("/v1/events/a", "text/plain", "x").await.expect(201)["position"].clone();
    let old = old.as_str().unwrap();
    server.send("DELETE", "/v1/streams/main", &[], "").await.expect(204);
    server.post("/v1/events/a", "text/plain", "new").await.expect(201);
    let path = format!("/v1/events/a?after={old}");
    let page = server.get(&path).await.expect(200);
    assert_eq!(sequences(&page), [1]);
    assert_eq!(page["reset"]["refused"], old);
    let epoch = page["position"].as_str().unwrap().split(':').next().unwrap();
    assert_eq!(page["reset"]["epoch"], epoch);
    let lines = server.send("GET", &path, &[NDJSON], "").await;
    let first: Value = serde_json::from_str(lines.text().lines().next().unwrap()).unwrap();
    assert_eq!(first["reset"], page["reset"]);
    assert!(lines.header("event-reset").contains(old));
    let events = server.send("GET", &path, &[CLOUD], "").await.expect(200);
    assert_eq!((&events[0]["type"], &events[0]["data"]), (&json!("eventweir.reset"), &page["reset"]));
    server.stop().await;
}
