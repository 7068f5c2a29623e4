//! HTTP calls to the broker.

use super::refusal::Refusal;
use super::{Target, trust};
use crate::failure::{Failure, Result};
use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A broker answers in milliseconds; this is for one whose store is stuck.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// An event stream has a heartbeat; one that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(60);
/// Greatest length of an answer: a page and much more.
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// Speaks to one broker.
#[derive(Debug)]
pub(super) struct Connection {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    token: Option<HeaderValue>,
    patience: Duration,
}

/// Describes a call: what stands behind the broker's address, and what is sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query, from the slash on, encoded.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Adds a header.
    ///
    /// # Errors
    /// When the value cannot stand in a header.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Result<Self> {
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| Failure::usage(format!("{value:?} cannot be sent as {name}")))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    pub(super) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

impl Connection {
    /// Prepares to speak to a broker; nothing is sent yet.
    ///
    /// # Errors
    /// When the URL, the token or the certificates cannot be used.
    pub(super) fn new(target: &Target) -> Result<Self> {
        let base = check_url(&target.url)?;
        let token = target.token.as_deref().map(bearer).transpose()?;
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let tls = HttpsConnectorBuilder::new()
            .with_tls_config(trust::tls(target.ca.as_deref())?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).build(tls);
        Ok(Self { client, base, token, patience: target.patience() })
    }

    /// Returns for how long calls are tried again.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Makes a call until it is answered, and returns the body. The call must be harmless to repeat.
    ///
    /// # Errors
    /// When it is refused, or nothing answers in time.
    pub(super) async fn call(&self, call: &Call) -> Result<Bytes, Refusal> {
        super::retry::patiently(self.patience, || self.try_call(call)).await
    }

    /// Makes a call once.
    async fn try_call(&self, call: &Call) -> Result<Bytes, Refusal> {
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, async {
            let response = self.send(call).await?;
            let status = response.status();
            let body = self.collect(response.into_body()).await?;
            if status.is_success() { Ok(body) } else { Err(Refusal::answered(status, &body)) }
        });
        answered.await.unwrap_or_else(|_| Err(Refusal::cut_off(&self.base, "did not answer in time")))
    }

    /// Opens a stream that is read piece by piece.
    ///
    /// # Errors
    /// When it is refused, or nothing answers.
    pub(super) async fn open(&self, call: &Call) -> Result<Pieces, Refusal> {
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, self.send(call)).await;
        let response =
            answered.unwrap_or_else(|_| Err(Refusal::cut_off(&self.base, "did not answer in time")))?;
        let status = response.status();
        if !status.is_success() {
            return Err(Refusal::answered(status, &self.collect(response.into_body()).await?));
        }
        let is_stream = response
            .headers()
            .get(http::header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        if !is_stream {
            return Err(Refusal::not_understood(&self.base, "it sent no event stream"));
        }
        Ok(Pieces { body: response.into_body(), url: self.base.clone() })
    }

    async fn send(&self, call: &Call) -> Result<Response<Incoming>, Refusal> {
        let uri = format!("{}{}", self.base, call.path);
        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = uri.parse().map_err(|error| Refusal {
            message: format!("{uri:?} is no address: {error}"),
            retryable: false,
        })?;
        *request.headers_mut() = call.headers.clone();
        request.headers_mut().remove(HOST);
        if let Some(token) = &self.token {
            request.headers_mut().insert(AUTHORIZATION, token.clone());
        }
        self.client.request(request).await.map_err(|error| Refusal::unreachable(&self.base, &error))
    }

    async fn collect(&self, mut body: Incoming) -> Result<Bytes, Refusal> {
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Refusal::unreachable(&self.base, &error))?;
            if let Some(piece) = frame.data_ref() {
                if whole.len() + piece.len() > MAX_ANSWER_BYTES {
                    return Err(Refusal::not_understood(&self.base, "the answer does not end"));
                }
                whole.extend_from_slice(piece);
            }
        }
        Ok(whole.freeze())
    }
}

/// Reads the body of a stream.
#[derive(Debug)]
pub(super) struct Pieces {
    body: Incoming,
    url: String,
}

impl Pieces {
    /// Describes a stream that ended without a word.
    pub(super) fn ended(&self) -> Refusal {
        Refusal::cut_off(&self.url, "ended the stream")
    }

    /// Waits for the next piece; `None` when the stream has ended.
    ///
    /// # Errors
    /// When the connection was cut, or was silent for too long.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let frame = tokio::time::timeout(SILENCE, self.body.frame())
                .await
                .map_err(|_| Refusal::cut_off(&self.url, "has fallen silent"))?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(Refusal::unreachable(&self.url, &error)),
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }
}

/// Returns the URL without a final slash.
fn check_url(url: &str) -> Result<String> {
    let refused = |why: &str| {
        // A URL that is refused may hold a password.
        let shown = crate::config::masked_url(url);
        Failure::usage(format!("--url {shown:?} cannot be used: {why}"))
    };
    let uri: Uri = url.parse().map_err(|_| refused("it is no URL"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(refused("it begins with http:// or https://"));
    }
    if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return Err(refused("it names a host and no user; give a token by --token or WEIR_TOKEN"));
    }
    if uri.query().is_some() {
        return Err(refused("it has no query"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn bearer(token: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Failure::usage("the token holds characters that no token has"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_checked_and_passwords_not_repeated() {
        assert_eq!(check_url("http://localhost:7766/").unwrap(), "http://localhost:7766");
        assert_eq!(check_url("https://h/broker").unwrap(), "https://h/broker");
        for bad in ["", "localhost:7766", "ftp://h", "http://u:hunter2@h", "http://h?x=1"] {
            let why = check_url(bad).unwrap_err();
            assert!(!why.message().contains("hunter2"), "{why}");
        }
    }
}
