use crate::client::{PATIENCE, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Follower(TcpStream, String);

impl Follower {
    async fn begin(server: &Server, path: &str, more: &str) -> Self {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{more}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut follower = Self(stream, String::new());
        follower.until("\r\n\r\n").await;
        assert!(follower.1.starts_with("HTTP/1.1 200"), "{}", follower.1);
        follower
    }

    /// Reads on until some text has come.
    async fn until(&mut self, text: &str) {
        let read = async {
            while !self.1.contains(text) {
                let mut buffer = [0; 4096];
                let count = self.0.read(&mut buffer).await.unwrap();
                assert!(count > 0, "the stream ended: {}", self.1);
                self.1.push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        };
        tokio::time::timeout(PATIENCE, read).await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_has_what_is_published_from_then_on() {
    let server = Server::start().await;
    server.post("/v1/events/a", "text/plain", "old").await.expect(201);
    let mut all = Follower::begin(&server, "/v1/events", "").await;
    let mut below = Follower::begin(&server, "/v1/events/a?match=subtree&after=earliest", "").await;
    below.until("\"sequence\":1,").await;
    server.post("/v1/events/b", "application/json", "{\"n\":2}").await.expect(201);
    server.post("/v1/events/a/c", "application/json", "{\"n\":3}").await.expect(201);
    below.until("\"sequence\":3,").await;
    all.until("\"sequence\":3,").await;
    assert!(all.1.contains("\"sequence\":2,") && !all.1.contains("\"sequence\":1,"), "{}", all.1);
    assert!(!below.1.contains("\"sequence\":2,"), "{}", below.1);
    server.stop().await;
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_event_seen() {
    let server = Server::start().await;
    for _ in 0..3 {
        server.post("/v1/events/a", "text/plain", "x").await.expect(201);
    }
    let mut follower = Follower::begin(&server, "/v1/events", "Last-Event-ID: 1\r\n").await;
    follower.until("\"sequence\":3,").await;
    assert!(follower.1.contains("\"sequence\":2,") && !follower.1.contains("\"sequence\":1,"));
    server.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_asked_for_wrongly_is_refused() {
    let server = Server::start().await;
    let accept = [("accept", "text/event-stream")];
    for query in ["limit=3", "wait=3", "match=x", "data=x", "after=x", "lastEventId=x"] {
        let path = format!("/v1/events/a?{query}");
        server.send("GET", &path, &accept, "").await.problem(400, "invalid_input");
    }
    server.stop().await;
}
