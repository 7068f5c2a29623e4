use crate::client::{Server, sequences};

#[tokio::test]
async fn the_same_key_leaves_one_event() {
    let server = Server::start().await;
    let publish = |name: &'static str, key: &'static str| async {
        server.send("POST", "/v1/events/a", &[(name, key)], "x").await
    };
    assert_eq!(publish("idempotency-key", "k1").await.expect(201)["duplicate"], false);
    publish("idempotency-key", "k2").await.expect(201);
    let again = publish("idempotency-key", "k1").await.expect(200);
    assert_eq!((&again["sequence"], &again["duplicate"]), (&1.into(), &true.into()));
    // The other name and the quoted spelling say the same.
    assert_eq!(publish("event-id", "k2").await.expect(200)["sequence"], 2);
    assert_eq!(publish("idempotency-key", "\"k2\"").await.expect(200)["sequence"], 2);
    assert_eq!(sequences(&server.get("/v1/events/a").await.expect(200)), [1, 2]);
    server.stop().await;
}

#[tokio::test]
async fn many_at_once_with_one_key_leave_one_event() {
    let server = Server::start().await;
    let publish = || server.send("POST", "/v1/events/a", &[("idempotency-key", "k")], "x");
    let answers = futures_util::future::join_all((0..16).map(|_| publish())).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.json()["sequence"] == 1));
    server.stop().await;
}

#[tokio::test]
async fn a_batch_with_a_key_happens_once() {
    let server = Server::start().await;
    let headers = [("content-type", "application/x-ndjson"), ("idempotency-key", "b1")];
    let lines = "{\"data\":1}\n{\"data\":2}\n";
    let first = server.send("POST", "/v1/events/a", &headers, lines).await.expect(201);
    let second = server.send("POST", "/v1/events/a", &headers, lines).await.expect(200);
    assert_eq!(first["position"], second["position"]);
    assert_eq!(
        (&first["events"][0]["duplicate"], &second["events"][0]["duplicate"]),
        (&false.into(), &true.into())
    );
    assert_eq!(first["events"][1]["sequence"], second["events"][1]["sequence"]);
    assert_eq!(sequences(&server.get("/v1/events/a").await.expect(200)), [1, 2]);
    server.stop().await;
}

#[tokio::test]
async fn two_different_keys_are_refused() {
    let server = Server::start().await;
    let headers = [("idempotency-key", "a"), ("event-id", "b")];
    server.send("POST", "/v1/events/a", &headers, "x").await.problem(400, "invalid_input");
    server.stop().await;
}

#[tokio::test]
async fn a_retry_is_known_before_its_expectation_fails() {
    let server = Server::start().await;
    for (expect, sequence) in [("expect-head", 1), ("expect-channel-head", 2)] {
        let headers = [("idempotency-key", expect), (expect, "0")];
        let path = format!("/v1/events/{expect}");
        assert_eq!(server.send("POST", &path, &headers, "x").await.expect(201)["sequence"], sequence);
        let again = server.send("POST", &path, &headers, "x").await.expect(200);
        assert_eq!((&again["sequence"], &again["duplicate"]), (&sequence.into(), &true.into()));
    }
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [1, 2]);
    server.stop().await;
}
