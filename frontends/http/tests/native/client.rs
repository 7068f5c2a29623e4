//! A server in this process, and a small client for it.

use bytes::Bytes;
use eventweir::{Broker, BrokerBuilder, Shutdown};
use eventweir_http::{HttpConfig, HttpFrontend};
use eventweir_memory::MemoryStorage;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Nothing here takes this long unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) broker: Broker,
    pub(crate) addr: SocketAddr,
    shutdown: Shutdown,
    running: tokio::task::JoinHandle<eventweir::Result<()>>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) fn config() -> HttpConfig {
    HttpConfig::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(config(), |builder| builder).await
    }

    pub(crate) async fn with(
        config: HttpConfig,
        compose: impl FnOnce(BrokerBuilder) -> BrokerBuilder,
    ) -> Self {
        let frontend = HttpFrontend::bind(config).await.unwrap();
        let addr = frontend.local_addr();
        let builder = compose(Broker::builder().storage(MemoryStorage::new()));
        let broker = builder.transport(frontend).build().unwrap();
        let (running, shutdown) = (broker.clone(), Shutdown::new());
        let signal = shutdown.clone();
        let running = tokio::spawn(async move { running.run(signal).await });
        Self { broker, addr, shutdown, running }
    }

    pub(crate) async fn stop(self) {
        self.shutdown.begin();
        tokio::time::timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, content_type: &str, body: impl Into<Bytes>) -> Answer {
        self.send("POST", path, &[("content-type", content_type)], body).await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], body.to_string()).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", self.addr.to_string());
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        let request = request.body(Full::new(body.into())).unwrap();
        tokio::time::timeout(PATIENCE, exchange(self.addr, request)).await.unwrap()
    }

    /// Sends bytes as they are, and returns all that comes until the server closes.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let work = async {
            let mut stream = TcpStream::connect(self.addr).await.unwrap();
            stream.write_all(request).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::time::timeout(PATIENCE, work).await.unwrap()
    }
}

async fn exchange(addr: SocketAddr, request: Request<Full<Bytes>>) -> Answer {
    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    driver.abort();
    Answer { status: head.status, headers: head.headers, body }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| std::str::from_utf8(value.as_bytes()).unwrap())
    }

    /// Checks the status, and returns the JSON.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks that the answer is a problem document of this status and code, and returns its sentence.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> String {
        let problem = self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["code"], code, "{problem}");
        problem["detail"].as_str().unwrap().to_owned()
    }
}

/// Lists the sequences of a page.
pub(crate) fn sequences(page: &Value) -> Vec<u64> {
    page["events"].as_array().unwrap().iter().map(|event| event["sequence"].as_u64().unwrap()).collect()
}
