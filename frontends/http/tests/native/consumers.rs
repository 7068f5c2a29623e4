use crate::client::Server;
use serde_json::json;

async fn filled() -> Server {
    let server = Server::start().await;
    for _ in 0..5 {
        server.post("/v1/events/a", "text/plain", "x").await.expect(201);
    }
    server
}

#[tokio::test]
async fn a_consumer_keeps_its_place() {
    let server = filled().await;
    let path = "/v1/consumers/billing%20%2F%20eu";
    server.get(path).await.problem(404, "not_found");
    let made = server.json("PUT", path, json!({"after": "earliest"})).await.expect(201);
    assert_eq!((&made["name"], &made["sequence"]), (&json!("billing / eu"), &json!(0)));
    let position = made["position"].as_str().unwrap();
    let page = server.get(&format!("/v1/events/a?limit=2&after={position}")).await.expect(200);
    // What a page gave is what a consumer commits.
    let moved = json!({"from": made["position"], "to": page["position"]});
    let moved = server.json("POST", &format!("{path}/commit"), moved).await.expect(200);
    assert_eq!((&moved["sequence"], &moved["position"]), (&json!(2), &page["position"]));
    let shown = server.get(path).await.expect(200);
    assert_eq!(shown, moved);
    assert!(shown["moved"].as_str().unwrap().ends_with('Z'));
    server.send("DELETE", path, &[], "").await.expect(204);
    server.send("DELETE", path, &[], "").await.problem(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn moves_are_compare_and_set_and_never_back() {
    let server = filled().await;
    let put = |body| server.json("PUT", "/v1/consumers/c", body);
    let commit = |body| server.json("POST", "/v1/consumers/c/commit", body);
    commit(json!({"from": 0, "to": 1})).await.problem(409, "conflict");
    put(json!({"after": 3})).await.expect(201);
    put(json!({"after": 3})).await.problem(409, "conflict");
    put(json!({"after": 4, "expect": 2})).await.problem(409, "conflict");
    put(json!({"after": 4, "expect": 3})).await.expect(200);
    commit(json!({"from": 3, "to": 5})).await.problem(409, "conflict");
    commit(json!({"from": 4, "to": 2})).await.problem(409, "conflict");
    commit(json!({"from": 4, "to": 6})).await.problem(400, "invalid_input");
    put(json!({"after": 1, "expect": 4, "force": true})).await.expect(200);
    assert_eq!(put(json!({"after": "latest", "force": true})).await.expect(200)["sequence"], 5);
    let foreign = json!({"after": "00000000000000ab:1", "force": true});
    assert!(put(foreign).await.problem(409, "conflict").contains("epoch"));
    server.stop().await;
}

#[tokio::test]
async fn consumers_are_listed_in_pages() {
    let server = filled().await;
    for name in ["c", "a", "b"] {
        server.json("PUT", &format!("/v1/consumers/{name}"), json!({"after": 1})).await.expect(201);
    }
    let names = |page: &serde_json::Value| {
        let list = page["consumers"].as_array().unwrap();
        list.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let page = server.get("/v1/consumers?limit=2").await.expect(200);
    assert_eq!((names(&page), &page["more"]), (vec!["a".to_owned(), "b".to_owned()], &json!(true)));
    let page = server.get("/v1/consumers?limit=2&after=b").await.expect(200);
    assert_eq!((names(&page), &page["more"]), (vec!["c".to_owned()], &json!(false)));
    server.stop().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let server = filled().await;
    for body in
        [json!({}), json!({"after": -1}), json!({"after": "x"}), json!({"after": 1, "to": 2}), json!([])]
    {
        server.json("PUT", "/v1/consumers/c", body).await.problem(400, "invalid_input");
    }
    server
        .json("POST", "/v1/consumers/c/commit", json!({"from": 1, "to": "latest"}))
        .await
        .problem(400, "invalid_input");
    server.get("/v1/consumers/a%00").await.problem(400, "invalid_input");
    server.get(&format!("/v1/consumers/{}", "a".repeat(256))).await.problem(400, "invalid_input");
    let long = json!({"after": 1, "x": "y".repeat(70_000)});
    server.json("PUT", "/v1/consumers/c", long).await.problem(413, "body_too_large");
    server.stop().await;
}
