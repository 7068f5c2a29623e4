use crate::client::{Server, sequences};
use serde_json::{Value, json};

async fn filled() -> Server {
    let server = Server::start().await;
    for channel in ["/a", "/a/b", "/c", "/a"] {
        server.post(&format!("/v1/events{channel}"), "text/plain", "12345").await.expect(201);
    }
    server
}

fn names(page: &Value) -> Vec<&str> {
    page["channels"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn channels_are_listed_by_selection_and_in_pages() {
    let server = filled().await;
    for (query, expected, more) in [
        ("", vec!["/a", "/a/b", "/c"], false),
        ("?channel=subtree:/a", vec!["/a", "/a/b"], false),
        ("?channel=/*", vec!["/a", "/c"], false),
        ("?limit=2", vec!["/a", "/a/b"], true),
        ("?limit=2&after=/a/b", vec!["/c"], false),
    ] {
        let page = server.get(&format!("/v1/channels{query}")).await.expect(200);
        assert_eq!((names(&page), &page["more"]), (expected, &json!(more)), "{query}");
    }
    let one = server.get("/v1/channels/a").await.expect(200);
    assert_eq!(one, json!({"name": "/a", "events": 2, "first": 1, "last": 4}));
    server.get("/v1/channels/none").await.problem(404, "not_found");
    server.get("/v1/channels?order=desc").await.problem(400, "invalid_input");
    server.stop().await;
}

#[tokio::test]
async fn a_channel_is_deleted_and_its_readers_are_told() {
    let server = filled().await;
    assert_eq!(server.send("DELETE", "/v1/channels/a", &[], "").await.expect(200), json!({"removed": 2}));
    assert_eq!(server.send("DELETE", "/v1/channels/a", &[], "").await.expect(200), json!({"removed": 0}));
    assert_eq!(names(&server.get("/v1/channels").await.expect(200)), ["/a/b", "/c"]);
    let page = server.get("/v1/events/a?after=0").await.expect(200);
    assert_eq!((sequences(&page), &page["gap"]["resume_at"]), (vec![], &json!(5)));
    server.stop().await;
}

#[tokio::test]
async fn a_stream_says_what_it_holds() {
    let server = filled().await;
    assert_eq!(server.get("/v1/streams").await.expect(200), json!({"streams": ["main"]}));
    let stream = server.get("/v1/streams/main").await.expect(200);
    for (key, value) in
        [("events", 4), ("bytes", 20), ("channels", 3), ("consumers", 0), ("first", 1), ("head", 4)]
    {
        assert_eq!(stream[key], value, "{key}");
    }
    assert_eq!(stream["position"], server.get("/v1/events").await.expect(200)["position"]);
    // Asking for a stream does not make it.
    server.get("/v1/streams/other").await.problem(404, "not_found");
    server.get("/v1/streams/NO").await.problem(400, "invalid_input");
    assert_eq!(server.get("/v1/streams").await.expect(200), json!({"streams": ["main"]}));
    server.stop().await;
}

#[tokio::test]
async fn a_stream_is_trimmed() {
    let server = filled().await;
    let trim = |body| server.json("POST", "/v1/streams/main/trim", body);
    trim(json!({})).await.problem(400, "invalid_input");
    trim(json!({"max_age": 1})).await.problem(400, "invalid_input");
    server.json("POST", "/v1/streams/other/trim", json!({"max_events": 1})).await.problem(404, "not_found");
    assert_eq!(
        trim(json!({"max_events": 3, "max_age_seconds": 3600})).await.expect(200),
        json!({"removed": 1})
    );
    assert_eq!(trim(json!({"max_bytes": 10})).await.expect(200), json!({"removed": 1}));
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [3, 4]);
    server.stop().await;
}

#[tokio::test]
async fn a_deleted_stream_begins_anew() {
    let server = filled().await;
    let old = server.get("/v1/streams/main").await.expect(200)["epoch"].clone();
    server.send("DELETE", "/v1/streams/other", &[], "").await.problem(404, "not_found");
    server.send("DELETE", "/v1/streams/main", &[], "").await.expect(204);
    server.post("/v1/events/a", "text/plain", "x").await.expect(201);
    let stream = server.get("/v1/streams/main").await.expect(200);
    assert_eq!((&stream["events"], &stream["head"]), (&json!(1), &json!(1)));
    assert_ne!(stream["epoch"], old);
    server.stop().await;
}
