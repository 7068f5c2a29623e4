//! A connection that is kept, and made again when it has ended.

use super::call::{Answer, Call};
use super::{failure, tls};
use crate::delivery::Address;
use bytes::{Bytes, BytesMut};
use eventweir::{Error, Result};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// A broker that does not take a connection in this time is away.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// A broker answers in milliseconds; one that stands still is given up after this time, beyond what it was asked to wait.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Greatest length of an answer; a page is shorter by far.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Speaks HTTP/1.1 to one broker, one request at a time.
///
/// A request that fails, or is dropped before its answer is whole, takes the connection with it; the next one makes another.
/// Nothing is ever sent twice.
#[derive(Debug)]
pub(super) struct Connection {
    address: Address,
    kept: Option<Open>,
}

/// An open connection. Ends when it is dropped.
#[derive(Debug)]
struct Open {
    sender: SendRequest<Full<Bytes>>,
    _driver: Driver,
}

/// Owns the task that moves a connection's bytes.
#[derive(Debug)]
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Connection {
    pub(super) fn new(address: Address) -> Self {
        Self { address, kept: None }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub(super) async fn call(&mut self, call: &Call) -> Result<Answer> {
        let request = self.request(call)?;
        let mut open = self.open().await?;
        let exchange = async {
            let (head, body) = open.send(request).await?.into_parts();
            let body = collect(body).await?;
            Ok(Answer { status: head.status, headers: head.headers, body })
        };
        let answer =
            timeout(call.wait + ANSWER_TIME, exchange).await.unwrap_or_else(|_| Err(failure::late()))?;
        self.kept = Some(open);
        Ok(answer)
    }

    /// Sends a request whose answer does not end, over a connection of its own.
    pub(super) async fn follow(&mut self, call: &Call) -> Result<Following> {
        let request = self.request(call)?;
        let mut open = self.open().await?;
        let answered = timeout(ANSWER_TIME, open.send(request)).await;
        let response = answered.unwrap_or_else(|_| Err(failure::late()))?;
        Ok(Following { response, _open: open })
    }

    /// Takes the kept connection if it is still there, or makes one.
    async fn open(&mut self) -> Result<Open> {
        if let Some(mut open) = self.kept.take()
            && open.sender.ready().await.is_ok()
        {
            return Ok(open);
        }
        let connected = timeout(CONNECT_TIME, connect(&self.address)).await;
        connected.unwrap_or_else(|_| Err(failure::unreachable("nothing answered in time")))
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>> {
        let target = format!("{}{}", self.address.path(), call.target);
        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() =
            target.parse().map_err(|_| Error::invalid(format!("{target:?} is no target of a request")))?;
        *request.headers_mut() = call.headers.clone();
        let host = HeaderValue::try_from(self.address.authority());
        request.headers_mut().insert(HOST, host.map_err(|_| Error::invalid("the host's name is none"))?);
        if let Some(token) = self.address.token()
            && !request.headers().contains_key(AUTHORIZATION)
        {
            request.headers_mut().insert(AUTHORIZATION, bearer(token)?);
        }
        Ok(request)
    }
}

impl Open {
    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>> {
        // A request that comes back was not sent.
        self.sender.try_send_request(request).await.map_err(|mut error| match error.take_message() {
            Some(_) => failure::unreachable(error.into_error()),
            None => failure::cut_off(error.into_error()),
        })
    }
}

async fn connect(address: &Address) -> Result<Open> {
    let stream = TcpStream::connect(address.socket()).await.map_err(failure::unreachable)?;
    stream.set_nodelay(true).map_err(failure::unreachable)?;
    match address.scheme() {
        "http" => shake_hands(TokioIo::new(stream)).await,
        "https" => shake_hands(TokioIo::new(tls::over(stream, address).await?)).await,
        other => Err(Error::invalid(format!("{other:?} is not http and not https"))),
    }
}

async fn shake_hands<T: Read + Write + Send + Unpin + 'static>(stream: T) -> Result<Open> {
    let (sender, connection) = http1::handshake(stream).await.map_err(failure::unreachable)?;
    // Its errors are told to the request that meets them.
    let driver = tokio::spawn(async { drop(connection.await) });
    Ok(Open { sender, _driver: Driver(driver.abort_handle()) })
}

fn bearer(token: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Error::invalid("the token holds characters that no token has"))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn collect(mut body: Incoming) -> Result<Bytes> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(failure::cut_off)?;
        if let Some(piece) = frame.data_ref() {
            if whole.len() + piece.len() > MAX_ANSWER_BYTES {
                return Err(failure::not_understood("it does not end"));
            }
            whole.extend_from_slice(piece);
        }
    }
    Ok(whole.freeze())
}

/// Reads an answer that does not end.
#[derive(Debug)]
pub(super) struct Following {
    response: Response<Incoming>,
    _open: Open,
}

impl Following {
    /// Returns whether it is an event stream; otherwise its [`answer`](Self::answer) says why not.
    pub(super) fn is_event_stream(&self) -> bool {
        let kind = self.response.headers().get(CONTENT_TYPE);
        self.response.status() == StatusCode::OK
            && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
    }

    /// Reads an answer that does end.
    pub(super) async fn answer(self) -> Result<Answer> {
        let (head, body) = self.response.into_parts();
        let body = timeout(ANSWER_TIME, collect(body)).await.unwrap_or_else(|_| Err(failure::late()))?;
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    /// Waits for more; `None` at the end.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    pub(super) async fn more(&mut self) -> Result<Option<Bytes>> {
        while let Some(frame) = self.response.body_mut().frame().await {
            if let Ok(piece) = frame.map_err(failure::cut_off)?.into_data() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }
}
