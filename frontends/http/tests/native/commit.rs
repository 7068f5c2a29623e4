use crate::client::{Server, sequences};
use serde_json::json;

#[tokio::test]
async fn everything_happens_together() {
    let server = Server::start().await;
    let commit = json!({
        "id": "c1",
        "expect": {"head": 0},
        "events": [
            {"channel": "/a", "id": "e1", "data": {"n": 1}},
            {"channel": "/b", "data_base64": "AP8="}
        ],
        "cursors": [{"name": "worker", "to": 2}],
        "records": [{"key": "k", "value": {"x": [1, 2]}}]
    });
    let receipt = server.json("POST", "/v1/commit", commit.clone()).await.expect(200);
    assert_eq!(receipt["repeated"], false);
    let first = json!({"sequence": 1, "id": "e1", "channel": "/a", "duplicate": false});
    assert_eq!(receipt["events"][0], first);
    assert_eq!(receipt["events"][1]["sequence"], 2);
    assert_eq!(server.get("/v1/consumers/worker").await.expect(200)["position"], receipt["position"]);
    let again = server.json("POST", "/v1/commit", commit).await.expect(200);
    assert_eq!((&again["repeated"], &again["position"]), (&json!(true), &receipt["position"]));
    let channel = json!({"expect": {"channel": "/a", "head": 1}, "events": [{"channel": "/a", "data": 2}]});
    server.json("POST", "/v1/commit", channel.clone()).await.expect(200);
    server.json("POST", "/v1/commit", channel).await.problem(409, "conflict");
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [1, 2, 3]);
    server.stop().await;
}

#[tokio::test]
async fn nothing_happens_when_one_part_is_refused() {
    let server = Server::start().await;
    let events = json!([{"channel": "/a", "data": 1}]);
    for (other, status, code) in [
        (json!({"cursors": [{"name": "c", "expect": 7, "to": 1}]}), 409, "conflict"),
        (json!({"cursors": [{"name": "c", "to": 9}]}), 400, "invalid_input"),
        (json!({"cursors": [{"name": "c"}]}), 400, "invalid_input"),
        (json!({"cursors": [{"name": "c", "to": 1, "remove": true}]}), 400, "invalid_input"),
        (json!({"cursors": [{"name": "c", "to": 1}, {"name": "c", "to": 1}]}), 400, "invalid_input"),
        (json!({"records": [{"key": "k", "expect": 3, "value": 1}]}), 409, "conflict"),
        (json!({"records": [{"key": "k"}]}), 400, "invalid_input"),
        (json!({"expect": {"head": 1}}), 409, "conflict"),
        (json!({"expect": {"channel": "/a"}}), 400, "invalid_input"),
        (json!({"jobs": []}), 501, "unsupported"),
        (json!({"event": []}), 400, "invalid_input"),
        (json!({"id": ""}), 400, "invalid_input"),
    ] {
        let mut commit = json!({"events": events});
        commit.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        let answer = server.json("POST", "/v1/commit", commit.clone()).await;
        assert_eq!(answer.status, status, "{commit}: {}", answer.text());
        answer.problem(status, code);
    }
    let bad = json!({"events": [{"channel": "/a", "data": 1}, {"data": 1}]});
    let detail = server.json("POST", "/v1/commit", bad).await.problem(400, "invalid_input");
    assert!(detail.starts_with("event 2: "), "{detail}");
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [0; 0]);
    server.stop().await;
}

#[tokio::test]
async fn too_much_at_once_is_refused() {
    let server = Server::start().await;
    let events: Vec<_> = (0..1001).map(|n| json!({"channel": "/a", "data": n})).collect();
    server.json("POST", "/v1/commit", json!({"events": events})).await.problem(413, "too_large");
    let cursors: Vec<_> = (0..101).map(|n| json!({"name": n.to_string(), "to": 0})).collect();
    server.json("POST", "/v1/commit", json!({"cursors": cursors})).await.problem(413, "too_large");
    let body = format!("{{\"events\": [{}1]}}", "1,".repeat(7_000_000));
    server.post("/v1/commit", "application/json", body).await.problem(400, "invalid_input");
    let body = vec![b' '; (16 << 20) + 1];
    server.post("/v1/commit", "application/json", body).await.problem(413, "body_too_large");
    server.stop().await;
}

#[tokio::test]
async fn records_change_by_version() {
    let server = Server::start().await;
    let change = |record| server.json("POST", "/v1/commit", json!({"records": [record]}));
    change(json!({"key": "k", "value": 1})).await.expect(200);
    change(json!({"key": "k", "value": 2})).await.problem(409, "conflict");
    change(json!({"key": "k", "expect": 1, "value_base64": "AP8="})).await.expect(200);
    change(json!({"key": "k", "force": true, "value": 3})).await.expect(200);
    change(json!({"key": "k", "expect": 3, "remove": true})).await.expect(200);
    change(json!({"key": "k", "value": 1})).await.expect(200);
    server.stop().await;
}
