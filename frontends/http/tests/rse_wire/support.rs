//! A broker behind a real socket, and a client that speaks raw bytes to it.

use axum::Router;
use eventweir::auth::{StaticTokens, TokenEntry, hash_token};
use eventweir::clock::ManualClock;
use eventweir::{Auth, Broker, BrokerBuilder, Scope, Shutdown, Timestamp};
use eventweir_http::HttpConfig;
use eventweir_http::rse::{RseConfig, RseMount};
use eventweir_memory::MemoryStorage;
use eventweir_web::{WebConfig, WebServer};
use serde_json::Value;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const SHOP: &str = "shop/2.0 uuid/1b671a64-40d5-491e-99b0-da01ff1f3341";
pub(crate) const PANEL: &str = "panel/1.4 uuid/9f0c2c1e-7c43-4b3f-9f0e-2f6a51d0c4b7";
pub(crate) const TOKEN: &str = "tok-5c1d90aa";
/// Where RSE is mounted: below a path, or at the root.
pub(crate) const MOUNTS: [&str; 2] = ["/rse", ""];

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    pub(crate) broker: Broker,
    pub(crate) clock: ManualClock,
    pub(crate) address: SocketAddr,
    mount: &'static str,
    shutdown: Shutdown,
}

/// Collects what differs between tests.
pub(crate) struct Setup {
    mount: &'static str,
    config: RseConfig,
    clock: ManualClock,
    builder: BrokerBuilder,
    guarded: bool,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self::on(MemoryStorage::new())
    }

    pub(crate) fn on(storage: impl eventweir::Storage) -> Self {
        let clock = ManualClock::at("2030-01-02T03:04:05Z".parse::<Timestamp>().unwrap());
        let builder = Broker::builder().storage(storage).clock(clock.clone());
        Self { mount: "", config: RseConfig::default(), clock, builder, guarded: true }
    }

    pub(crate) fn mounted_at(mut self, mount: &'static str) -> Self {
        self.mount = mount;
        self
    }

    /// Serves the router alone, as someone may who composes a server of their own.
    pub(crate) fn unguarded(mut self) -> Self {
        self.guarded = false;
        self
    }

    pub(crate) fn config(mut self, change: impl FnOnce(RseConfig) -> RseConfig) -> Self {
        self.config = change(self.config);
        self
    }

    pub(crate) fn auth(mut self, auth: impl Auth) -> Self {
        self.builder = self.builder.auth(auth);
        self
    }

    pub(crate) fn build(mut self, change: impl FnOnce(BrokerBuilder) -> BrokerBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    pub(crate) async fn start(self) -> Server {
        let broker = self.builder.build().unwrap();
        let mut http = HttpConfig::default();
        http.rse = self.config;
        http.rse.mount = if self.mount.is_empty() { RseMount::Root } else { RseMount::Rse };
        let router = eventweir_http::router(broker.clone(), &http);
        let shutdown = Shutdown::new();
        let address = match self.guarded {
            true => serve_guarded(router, shutdown.clone()).await,
            false => serve_bare(router).await,
        };
        Server { broker, clock: self.clock, address, mount: self.mount, shutdown }
    }
}

async fn serve_guarded(router: Router, shutdown: Shutdown) -> SocketAddr {
    let mut web = WebConfig::at(([127, 0, 0, 1], 0).into());
    web.allowed_hosts.push("rse.example.net".into());
    let server = WebServer::bind(web).await.unwrap();
    let address = server.local_addr();
    tokio::spawn(server.serve(router, shutdown));
    address
}

/// It ends with the test's runtime.
async fn serve_bare(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}

impl Server {
    pub(crate) async fn start() -> Self {
        Setup::new().start().await
    }

    /// Sends `METHOD target` with headers and a body, and reads the answer.
    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request = format!("{method} {}{target} HTTP/1.1\r\nHost: rse.example.net\r\n", self.mount);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        self.exchange(&[request.as_bytes(), body].concat()).await
    }

    /// Sends raw bytes, as they are.
    pub(crate) async fn exchange(&self, request: &[u8]) -> Answer {
        in_time(async {
            let mut socket = TcpStream::connect(self.address).await.unwrap();
            socket.write_all(request).await.unwrap();
            Answer::read(BufReader::new(socket), !request.starts_with(b"HEAD ")).await
        })
        .await
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.get_with(target, &[]).await
    }

    pub(crate) async fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", target, &[&[("User-Agent", PANEL)], headers].concat(), b"").await
    }

    pub(crate) async fn post(&self, target: &str, body: &str) -> Answer {
        self.send("POST", target, &[("User-Agent", SHOP)], body.as_bytes()).await
    }

    /// Publishes and returns the id.
    pub(crate) async fn publish(&self, channel: &str, body: &str) -> u64 {
        let answer = self.post(channel, body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.header("x-rse-event-id").unwrap().parse().unwrap()
    }

    /// Polls and returns the ids.
    pub(crate) async fn ids(&self, target: &str) -> Vec<u64> {
        self.get(target).await.ids()
    }

    pub(crate) fn target(&self, target: &str) -> String {
        format!("{}{target}", self.mount)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.begin();
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(mut from: BufReader<TcpStream>, has_body: bool) -> Self {
        let mut answer = Self::read_head(&mut from).await;
        if has_body {
            answer.body = vec![0; answer.header("content-length").map_or(0, |text| text.parse().unwrap())];
            from.read_exact(&mut answer.body).await.unwrap();
        }
        answer
    }

    pub(crate) async fn read_head(from: &mut BufReader<TcpStream>) -> Self {
        let mut line = String::new();
        from.read_line(&mut line).await.unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {line:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            line.clear();
            from.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Self { status, headers, body: Vec::new() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Lists the events; none for a 204.
    pub(crate) fn events(&self) -> Vec<Value> {
        match self.status {
            204 => Vec::new(),
            200 => self.json()["events"].as_array().unwrap().clone(),
            _ => panic!("{self:?}"),
        }
    }

    pub(crate) fn ids(&self) -> Vec<u64> {
        self.events().iter().map(|event| event["id"].as_u64().unwrap()).collect()
    }

    /// Checks a refusal: its form, that it is not cached and says how long it is.
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, message: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.header("content-length").is_some());
        assert!(self.text().starts_with("{ \"message\": \"") && self.text().ends_with("\" }"), "{self:?}");
        let text = self.json()["message"].as_str().unwrap().to_owned();
        assert!(text.starts_with(message) && (message.is_empty() == text.is_empty()), "{text}");
    }
}

/// Knows one token, `tok-5c1d90aa`, with these rights.
pub(crate) fn tokens(entries: &[(&str, &str, &str, &str)]) -> StaticTokens {
    StaticTokens::new(entries.iter().map(|(name, token, publish, read)| entry(name, token, publish, read)))
        .unwrap()
}

fn entry(name: &str, token: &str, publish: &str, read: &str) -> TokenEntry {
    let scopes = |text: &str| {
        text.split(' ').filter(|scope| !scope.is_empty()).map(|scope| Scope::parse(scope).unwrap()).collect()
    };
    TokenEntry {
        name: name.into(),
        sha256: hash_token(token),
        publish: scopes(publish),
        read: scopes(read),
        ..TokenEntry::default()
    }
}

/// Gives a test that hangs an end.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("took too long")
}

/// Waits for a condition, looking often.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    in_time(async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

pub(crate) fn shared(server: Server) -> Arc<Server> {
    Arc::new(server)
}
