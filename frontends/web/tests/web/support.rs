//! A running server, and a client that sends whatever bytes a test wants.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use eventweir::Shutdown;
use eventweir_web::{Problem, WebConfig, WebServer, read_body};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Longest that anything may take that is bound to happen.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    /// What `/held` waits for.
    pub(crate) release: &'static Semaphore,
    pub(crate) serving: JoinHandle<eventweir::Result<()>>,
}

/// Listens on a free port, with timeouts that no test reaches by accident.
pub(crate) fn config() -> WebConfig {
    let mut config = WebConfig::at(([127, 0, 0, 1], 0).into());
    config.header_timeout = SOON * 3;
    config.body_timeout = SOON * 3;
    config
}

impl Running {
    pub(crate) async fn start(config: WebConfig) -> Self {
        let server = WebServer::bind(config).await.unwrap();
        let release: &'static Semaphore = Box::leak(Box::new(Semaphore::new(0)));
        let (address, shutdown) = (server.local_addr(), Shutdown::new());
        let serving = tokio::spawn(server.serve(router(release), shutdown.clone()));
        Self { address, shutdown, release, serving }
    }

    pub(crate) async fn connect(&self) -> Raw {
        Raw(TcpStream::connect(self.address).await.unwrap())
    }

    /// Asks on a connection of its own whether all is well.
    pub(crate) async fn assert_well(&self) {
        let mut client = self.connect().await;
        client.send("GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        assert_eq!(client.response().await.text(), "200 hello");
    }

    pub(crate) async fn stop(self) {
        self.shutdown.begin();
        tokio::time::timeout(SOON, self.serving).await.unwrap().unwrap().unwrap();
    }
}

fn router(release: &'static Semaphore) -> Router {
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/echo", post(echo))
        .route("/small", post(|body: Body| async { read_body(body, 10).await }))
        .route("/ignore", post(|| async { "ignored" }))
        .route("/refuse", get(|| async { Problem::invalid("so be it") }))
        .route("/held", get(move || held(release)))
        .route("/stream", get(stream))
}

async fn echo(body: Body) -> Result<Bytes, Problem> {
    read_body(body, u64::MAX).await
}

async fn held(release: &'static Semaphore) -> &'static str {
    release.acquire().await.unwrap().forget();
    "released"
}

/// Says one word and then nothing, as an event stream without events.
async fn stream() -> Response {
    use futures_util::stream::{once, pending};
    let words =
        futures_util::StreamExt::chain(once(async { Ok::<_, std::io::Error>("begun\n\n") }), pending());
    Response::new(Body::from_stream(words))
}

pub(crate) struct Raw(pub(crate) TcpStream);

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }

    /// The status and code of a problem, which must have all that problems have.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!(self.headers["x-content-type-options"], "nosniff", "{self:?}");
        let document: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(document["status"], self.status, "{document}");
        format!("{} {}", self.status, document["code"].as_str().unwrap())
    }
}

impl Raw {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends as much as the server takes: it may answer and close before the end.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    pub(crate) async fn response(&mut self) -> Answer {
        tokio::time::timeout(SOON, self.read_response()).await.expect("an answer in time")
    }

    pub(crate) async fn head(&mut self) -> (u16, HashMap<String, String>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = self.0.read_u8().await;
            head.push(
                byte.unwrap_or_else(|error| panic!("{error} after {:?}", String::from_utf8_lossy(&head))),
            );
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.into(), value.into()));
        (status, lines.map(|line| pair(line).expect(line)).collect())
    }

    async fn read_response(&mut self) -> Answer {
        let (status, headers) = self.head().await;
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        Answer { status, headers, body }
    }

    /// Waits until the server has closed its side, without having said anything more.
    pub(crate) async fn assert_closed(&mut self) {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(SOON, self.0.read_to_end(&mut rest)).await.expect("closed in time");
        assert_eq!(String::from_utf8_lossy(&rest), "");
        closed.unwrap();
    }
}
