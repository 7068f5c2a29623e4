//! Rules put channels into streams: what clients see of it.

use crate::client::{Server, config};
use eventweir::{ChannelName, StreamName, StreamRule, StreamRules};
use serde_json::{Value, json};

fn rules() -> StreamRules {
    let channel = |name: &str| ChannelName::new(name).unwrap();
    let stream = |name: &str| StreamName::new(name).unwrap();
    StreamRules::new([
        StreamRule::prefix(channel("/orders"), stream("orders")),
        StreamRule::prefix(channel("/shop/stock"), stream("stock")),
    ])
    .unwrap()
}

async fn ruled() -> Server {
    let server = Server::with(config(), |builder| builder.streams(rules())).await;
    for path in ["orders/eu", "orders/us", "news", "shop/stock/9"] {
        server.post(&format!("/v1/events/{path}"), "text/plain", path).await.expect(201);
    }
    server
}

fn channels(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|event| event["channel"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn positions_are_of_one_stream() {
    let server = ruled().await;
    let orders = server.get("/v1/events/orders?match=subtree").await.expect(200);
    assert_eq!(channels(&orders), ["/orders/eu", "/orders/us"]);
    let position = orders["position"].as_str().unwrap();
    assert!(position.ends_with(":2"));
    server.post("/v1/events/orders/eu", "text/plain", "new").await.expect(201);
    let next = server.get(&format!("/v1/events/orders?match=subtree&after={position}")).await.expect(200);
    assert_eq!((channels(&next), &next["reset"]), (vec!["/orders/eu"], &Value::Null));
    // To another stream it is of another epoch, and is told so.
    let news = server.get(&format!("/v1/events/news?after={position}")).await.expect(200);
    assert_eq!((channels(&news), &news["reset"]["refused"]), (vec!["/news"], &orders["position"]));
    server.stop().await;
}

#[tokio::test]
async fn what_spans_streams_is_refused_and_the_streams_are_named() {
    let server = ruled().await;
    for (path, streams) in [
        ("/v1/events", "main, orders and stock"),
        ("/v1/events/orders?channel=/news", "main and orders"),
        ("/v1/events/shop?match=subtree", "main and stock"),
        ("/v1/events/shop/stock/9?match=ancestors", "main and stock"),
        ("/v1/events/*/stock?match=pattern", "main, orders and stock"),
    ] {
        let detail = server.get(path).await.problem(400, "invalid_input");
        assert!(detail.contains(&format!("is of {streams}:")), "{path}: {detail}");
        let accept = [("accept", "text/event-stream")];
        server.send("GET", path, &accept, "").await.problem(400, "invalid_input");
    }
    server.get("/v1/events/orders/eu?match=ancestors").await.expect(200);
    let commit = json!({"events": [
        {"channel": "/orders/eu", "data": 1}, {"channel": "/news", "data": 2}
    ]});
    let detail = server.json("POST", "/v1/commit", commit).await.problem(400, "invalid_input");
    assert!(detail.contains("main and orders"), "{detail}");
    let lines = "{\"channel\":\"/orders/eu\",\"data\":1}\n{\"channel\":\"/news\",\"data\":2}\n";
    server.post("/v1/events", "application/x-ndjson", lines).await.problem(400, "invalid_input");
    let orders = server.get("/v1/events/orders/eu").await.expect(200);
    assert_eq!(orders["events"].as_array().unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_stream_can_be_named() {
    let server = ruled().await;
    let all = server.get("/v1/events?stream=orders").await.expect(200);
    assert_eq!(channels(&all), ["/orders/eu", "/orders/us"]);
    let main = server.get("/v1/events?stream=main").await.expect(200);
    assert_eq!(channels(&main), ["/news"]);
    server.get("/v1/events?stream=nowhere").await.problem(404, "not_found");
    server.get("/v1/events?stream=No").await.problem(400, "invalid_input");
    let streams = server.get("/v1/streams").await.expect(200);
    assert_eq!(streams["streams"], json!(["main", "orders", "stock"]));
    // Channels are listed over all streams, or of one.
    let names = |page: &Value| {
        let list = page["channels"].as_array().unwrap();
        list.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let listed = names(&server.get("/v1/channels").await.expect(200));
    assert_eq!(listed, ["/news", "/orders/eu", "/orders/us", "/shop/stock/9"]);
    assert_eq!(names(&server.get("/v1/channels?stream=stock").await.expect(200)), ["/shop/stock/9"]);
    server.stop().await;
}

#[tokio::test]
async fn consumers_are_in_the_stream_that_they_read() {
    let server = ruled().await;
    let path = "/v1/consumers/billing?stream=orders";
    server.json("PUT", path, json!({"after": "earliest"})).await.expect(201);
    let page = server.get("/v1/events?stream=orders&limit=1").await.expect(200);
    let commit = "/v1/consumers/billing/commit?stream=orders";
    let moved = server.json("POST", commit, json!({"from": 0, "to": page["position"]})).await.expect(200);
    assert_eq!((&moved["sequence"], &moved["position"]), (&json!(1), &page["position"]));
    // It is of this stream, and of no other; and so are positions.
    server.get("/v1/consumers/billing").await.problem(404, "not_found");
    assert!(server.get("/v1/consumers").await.expect(200)["consumers"].as_array().unwrap().is_empty());
    let listed = server.get("/v1/consumers?stream=orders").await.expect(200);
    assert_eq!(listed["consumers"].as_array().unwrap().len(), 1);
    let foreign = server.get("/v1/events/news").await.expect(200);
    let refused = server.json("POST", commit, json!({"from": 1, "to": foreign["position"]})).await;
    assert!(refused.problem(409, "conflict").contains("another stream"));
    // An output and the cursor in one commit go where the output goes; cursors alone where the commit says.
    let both = json!({"events": [{"channel": "/orders/done", "data": 1}],
        "cursors": [{"name": "billing", "expect": 1, "to": 2}]});
    server.json("POST", "/v1/commit", both).await.expect(200);
    let cursor = json!({"stream": "orders", "cursors": [{"name": "billing", "expect": 2, "to": 3}]});
    server.json("POST", "/v1/commit", cursor).await.expect(200);
    let elsewhere = json!({"stream": "orders", "events": [{"channel": "/news", "data": 1}]});
    let refused = server.json("POST", "/v1/commit", elsewhere).await.problem(400, "invalid_input");
    assert!(refused.contains("in the stream main, not in orders"), "{refused}");
    let shown = server.get(path).await.expect(200);
    assert_eq!(shown["sequence"], 3);
    server.send("DELETE", path, &[], "").await.expect(204);
    server.stop().await;
}

/// Parents of a channel are in its stream when the rule's prefix has one segment.
#[tokio::test]
async fn rse_reads_parents_within_a_stream() {
    let server = ruled().await;
    let agent = [("user-agent", "shop/2.0 uuid/1b671a64")];
    let poll = async |path: &str| server.send("GET", &format!("/rse{path}"), &agent, "").await;
    let parents = poll("/orders/eu?events=parent").await.expect(200);
    assert_eq!(parents["events"].as_array().unwrap().len(), 1);
    let all = poll("/orders?events=all&last-known-id=0").await.expect(200);
    assert_eq!(all["events"].as_array().unwrap().len(), 2);
    let refused = poll("/shop/stock/9?events=parent").await;
    assert_eq!(refused.status, 400);
    let refused: Value = serde_json::from_slice(&refused.body).unwrap();
    assert!(refused["message"].as_str().unwrap().contains("main and stock"), "{refused}");
    server.stop().await;
}
