use crate::client::{Server, sequences};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_poll_wakes_up_on_publish() {
    let server = Server::start().await;
    server.post("/v1/events/a", "text/plain", "old").await.expect(201);
    let position = server.get("/v1/events/a").await.expect(200)["position"].as_str().unwrap().to_owned();
    let path = format!("/v1/events/a?match=subtree&wait=60&after={position}");
    let begun = Instant::now();
    let publish = async {
        // However late the poll is, it gets the event; that it waited shows in its answer being there at all.
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.post("/v1/events/b", "text/plain", "not meant").await.expect(201);
        server.post("/v1/events/a/c", "text/plain", "new").await.expect(201)
    };
    let (page, _) = tokio::join!(server.get(&path), publish);
    assert_eq!(sequences(&page.expect(200)), [3]);
    assert!(begun.elapsed() < Duration::from_secs(15));
    server.stop().await;
}

#[tokio::test]
async fn a_poll_returns_the_empty_page_at_the_end_of_its_wait() {
    let server = Server::start().await;
    server.post("/v1/events/a", "text/plain", "old").await.expect(201);
    let begun = Instant::now();
    let page = server.get("/v1/events/b?wait=1&after=latest").await.expect(200);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(sequences(&page), [0; 0]);
    assert_eq!(page["more"], false);
    assert!(page["position"].as_str().unwrap().ends_with(":1"), "{page}");
    server.stop().await;
}

#[tokio::test]
async fn what_is_there_already_is_not_waited_for() {
    let server = Server::start().await;
    server.post("/v1/events/a", "text/plain", "x").await.expect(201);
    let begun = Instant::now();
    assert_eq!(sequences(&server.get("/v1/events/a?wait=60").await.expect(200)), [1]);
    assert!(begun.elapsed() < Duration::from_secs(15));
    server.stop().await;
}

#[tokio::test]
async fn shutdown_ends_a_poll_with_its_empty_page() {
    let server = Server::start().await;
    let path = "/v1/events/a?wait=60";
    let poll = server.get(path);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.broker.close().await.unwrap();
    };
    let (answer, ()) = tokio::join!(poll, stop);
    // A poll that had not begun by then is told to come again.
    assert!(answer.status == 200 || answer.status == 503, "{}", answer.text());
    server.stop().await;
}
