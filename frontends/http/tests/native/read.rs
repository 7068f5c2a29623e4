use crate::client::{Server, sequences};
use serde_json::Value;

async fn filled() -> Server {
    let server = Server::start().await;
    for (channel, source) in [("/a", "x"), ("/a/b", "y"), ("/c", "x"), ("/a/b/d", "y"), ("/a", "y")] {
        let path = format!("/v1/events{channel}");
        server.send("POST", &path, &[("event-source", source)], "x").await.expect(201);
    }
    server
}

#[tokio::test]
async fn selections_are_by_channel_and_source() {
    let server = filled().await;
    for (path, expected) in [
        ("", vec![1, 2, 3, 4, 5]),
        ("/a", vec![1, 5]),
        ("/a?match=subtree", vec![1, 2, 4, 5]),
        ("/a/b?match=ancestors", vec![1, 2, 5]),
        ("/a/*?match=pattern", vec![2]),
        ("/a/**?match=pattern", vec![2, 4]),
        ("/c?channel=subtree:/a/b", vec![2, 3, 4]),
        ("?channel=/c&channel=/a", vec![1, 3, 5]),
        ("?channel=/*", vec![1, 3, 5]),
        ("?except=y", vec![1, 3]),
        ("/a?match=subtree&except=x", vec![2, 4, 5]),
        ("/nothing", vec![]),
        ("?after=3", vec![4, 5]),
        ("?after=latest", vec![]),
        ("?until=2", vec![1, 2]),
        ("?limit=2", vec![1, 2]),
        ("?order=desc&limit=2", vec![5, 4]),
        ("/a?match=subtree&order=desc&until=4&after=1", vec![4, 2]),
    ] {
        let page = server.get(&format!("/v1/events{path}")).await.expect(200);
        assert_eq!(sequences(&page), expected, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn pages_follow_on_each_other_both_ways() {
    let server = filled().await;
    let (mut upwards, mut position) = (Vec::new(), "earliest".to_owned());
    loop {
        let page = server.get(&format!("/v1/events?limit=2&after={position}")).await.expect(200);
        upwards.extend(sequences(&page));
        position = page["position"].as_str().unwrap().to_owned();
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(upwards, [1, 2, 3, 4, 5]);
    let (mut downwards, mut until) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/events?limit=2&order=desc{until}")).await.expect(200);
        downwards.extend(sequences(&page));
        match &page["until"] {
            Value::Null => break,
            number => until = format!("&until={number}"),
        }
    }
    assert_eq!(downwards, [5, 4, 3, 2, 1]);
    // After the newest few, reading on upwards has what comes next and nothing twice.
    let newest = server.get("/v1/events?order=desc&limit=2").await.expect(200);
    assert_eq!(newest["position"].as_str().unwrap(), position);
    server.stop().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_by_name() {
    let server = filled().await;
    for (query, word) in [
        ("limit=0", "limit"),
        ("limit=1001", "1000"),
        ("limit=x", "limit"),
        ("after=x", "after"),
        ("after=-1", "after"),
        ("until=x", "until"),
        ("order=up", "asc, desc"),
        ("wait=61", "60"),
        ("wait=1&until=3", "wait"),
        ("wait=1&order=desc", "wait"),
        ("match=sub", "subtree"),
        ("lmit=3", "lmit"),
        ("limit=1&limit=2", "more than once"),
    ] {
        let detail = server.get(&format!("/v1/events/a?{query}")).await.problem(400, "invalid_input");
        assert!(detail.contains(word), "{query}: {detail}");
    }
    server.get("/v1/events?match=subtree").await.problem(400, "invalid_input");
    server.get("/v1/events/a?filter=%7B%7D").await.problem(501, "unsupported");
    let many: String = (0..257).map(|n| format!("&channel=/{n}")).collect();
    server.get(&format!("/v1/events?{}", &many[1..])).await.problem(413, "too_large");
    server.stop().await;
}

#[tokio::test]
async fn lines_have_the_rest_in_headers() {
    let server = filled().await;
    let answer = server.send("GET", "/v1/events?limit=2", &[("accept", "application/x-ndjson")], "").await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(answer.header("event-more"), "true");
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|event| event["sequence"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    let rest = server.get(&format!("/v1/events?after={}", answer.header("event-position"))).await.expect(200);
    assert_eq!(sequences(&rest), [3, 4, 5]);
    let down = [("accept", "application/x-ndjson")];
    let down = server.send("GET", "/v1/events?limit=2&order=desc", &down, "").await;
    assert_eq!(down.header("event-until"), "3");
    server.stop().await;
}

#[tokio::test]
async fn answers_are_never_cached_and_heads_have_no_body() {
    let server = filled().await;
    let page = server.get("/v1/events/a").await;
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("vary"), "accept, accept-encoding");
    let head = server.send("HEAD", "/v1/events/a", &[], "").await;
    assert_eq!((head.status, head.body.len()), (page.status, 0));
    assert_eq!(head.header("content-length"), page.body.len().to_string());
    server.stop().await;
}
