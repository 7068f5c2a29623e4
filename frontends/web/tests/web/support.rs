//! A running server, and a client that sends whatever bytes a test wants.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use eventweir::Shutdown;
use eventweir_web::{Problem, WebConfig, WebServer, read_body};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

/// Longest that anything may take that is bound to happen.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    /// What `/held` waits for.
    pub(crate) release: Arc<Semaphore>,
    /// Closed when the answer of `/flood` is dropped.
    pub(crate) flooding: mpsc::Sender<()>,
    pub(crate) serving: JoinHandle<eventweir::Result<()>>,
    holding: watch::Receiver<usize>,
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
        Self::serve(WebServer::bind(config).await.unwrap())
    }

    pub(crate) fn serve(server: WebServer) -> Self {
        let (flooding, flood) = mpsc::channel(1);
        let (held, holding) = watch::channel(0);
        let release = Arc::new(Semaphore::new(0));
        let (address, shutdown) = (server.local_addr(), Shutdown::new());
        let router = router(release.clone(), held, flood);
        let serving = tokio::spawn(server.serve(router, shutdown.clone()));
        Self { address, shutdown, release, flooding, serving, holding }
    }

    /// Waits until a request is held.
    pub(crate) async fn held(&self) {
        self.holding.clone().wait_for(|held| *held > 0).await.unwrap();
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

/// `flood` is dropped when the answer of `/flood` is.
fn router(release: Arc<Semaphore>, held: watch::Sender<usize>, flood: mpsc::Receiver<()>) -> Router {
    let flood = Arc::new(Mutex::new(Some(flood)));
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/echo", post(echo))
        .route("/small", post(|body: Body| async { read_body(body, 10).await }))
        .route("/ignore", post(|| async { "ignored" }))
        .route("/refuse", get(|| async { Problem::invalid("so be it") }))
        .route("/held", get(move || hold(release.clone(), held.clone())))
        .route("/stream", get(|| async { endless("begun", 1, None) }))
        .route(
            "/flood",
            get(move || async move { endless("more and more", usize::MAX, flood.lock().await.take()) }),
        )
        .route("/upgrade", get(upgrade))
}

async fn echo(body: Body) -> Result<Bytes, Problem> {
    read_body(body, u64::MAX).await
}

async fn hold(release: Arc<Semaphore>, held: watch::Sender<usize>) -> &'static str {
    held.send_modify(|held| *held += 1);
    release.acquire().await.unwrap().forget();
    "released"
}

/// Says a word so many times and then nothing, as an event stream without events; drops its guard at its end.
fn endless(word: &'static str, times: usize, guard: Option<mpsc::Receiver<()>>) -> Response {
    use futures_util::StreamExt;
    use futures_util::stream::{pending, repeat};
    let words = repeat(Bytes::from_static(word.as_bytes())).take(times).chain(pending());
    Response::new(Body::from_stream(words.map(move |word| {
        let _held = &guard;
        Ok::<_, std::io::Error>(word)
    })))
}

/// Leaves HTTP and says back whatever it hears.
async fn upgrade(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgrade.await.unwrap()));
        tokio::io::copy(&mut reader, &mut writer).await
    });
    let response =
        Response::builder().status(101).header("connection", "upgrade").header("upgrade", "parrot");
    response.body(Body::empty()).unwrap()
}

pub(crate) struct Raw<S = TcpStream>(pub(crate) S);

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

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
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

    pub(crate) async fn take(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        tokio::time::timeout(SOON, self.0.read_exact(&mut bytes)).await.expect("bytes in time").unwrap();
        bytes
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

    /// Reads until the server closes its side or cuts the connection.
    pub(crate) async fn everything(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = tokio::time::timeout(SOON, self.0.read_to_end(&mut bytes)).await.expect("closed in time");
        bytes
    }

    /// Waits until the server has closed its side, without having said anything more.
    pub(crate) async fn assert_closed(&mut self) {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(SOON, self.0.read_to_end(&mut rest)).await.expect("closed in time");
        assert_eq!(String::from_utf8_lossy(&rest), "");
        closed.unwrap();
    }
}
