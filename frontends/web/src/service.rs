//! What every request passes on its way to a handler, and every answer on its way back: one thin service.

use crate::body::{GuardedBody, check_announced};
use crate::connection::{Activity, Exchange};
use crate::guard::{Guard, Visitor, add_headers, preflight};
use crate::{Problem, WebConfig};
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONNECTION, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tower_service::Service as _;

/// Holds what all connections of a server share on the way to the router.
pub(crate) struct Gate {
    router: Router,
    guard: Guard,
    tells_origins: bool,
    max_uri_bytes: usize,
    max_body_bytes: u64,
    body_timeout: Duration,
}

impl Gate {
    pub(crate) fn new(router: Router, guard: Guard, config: &WebConfig) -> Self {
        Self {
            router,
            tells_origins: guard.has_foreign_origins(),
            guard,
            max_uri_bytes: config.max_uri_bytes,
            max_body_bytes: config.max_body_bytes,
            body_timeout: config.body_timeout,
        }
    }

    fn check_visitor(&self, request: &Request<Incoming>) -> Result<Visitor, Problem> {
        self.guard.check(request.method(), request.uri(), request.version(), request.headers())
    }

    fn check_size(&self, request: &Request<Incoming>) -> Result<(), Problem> {
        let uri = request.uri();
        let length = uri.path().len() + uri.query().map_or(0, str::len);
        if length > self.max_uri_bytes {
            return Err(uri_too_long(self.max_uri_bytes));
        }
        check_announced(request.body(), self.max_body_bytes)
    }

    /// Begins to answer a request that was let in.
    fn answer(&self, request: Request<Incoming>, visitor: &Visitor) -> Step {
        if let Err(problem) = self.check_size(&request) {
            return Step::now(problem.into_response());
        }
        match own_answer(&request, visitor) {
            Some(response) => Step::now(response),
            None => Step::Routed { future: self.route(request) },
        }
    }

    fn route(&self, request: Request<Incoming>) -> axum::routing::future::RouteFuture<Infallible> {
        let request = request.map(|body| match body.is_end_stream() {
            true => Body::empty(),
            false => Body::new(GuardedBody::new(body, self.max_body_bytes, self.body_timeout)),
        });
        self.router.clone().call(request)
    }
}

pub(crate) fn uri_too_long(limit: usize) -> Problem {
    Problem::new(
        StatusCode::URI_TOO_LONG,
        "uri_too_long",
        format!("the path and query are longer than {limit} bytes, the most that is allowed"),
    )
}

/// Serves the requests of one connection.
pub(crate) struct Service {
    pub(crate) gate: Arc<Gate>,
    pub(crate) activity: Arc<Activity>,
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let exchange = Some(Exchange::begin(&self.activity));
        let (gate, version) = (&*self.gate, request.version());
        let (visitor, step) = match gate.check_visitor(&request) {
            Ok(visitor) => {
                let step = gate.answer(request, &visitor);
                (visitor, step)
            }
            // Whoever is not let in need not be able to read why.
            Err(problem) => (Visitor::Own, Step::now(problem.into_response())),
        };
        Answering { step, tells_origins: gate.tells_origins, visitor, version, exchange }
    }
}

/// Answers what is asked of the server as such.
fn own_answer(request: &Request<Incoming>, visitor: &Visitor) -> Option<Response> {
    if request.method() != Method::OPTIONS {
        return None;
    }
    let whole_server = || (request.uri().path() == "*").then(|| StatusCode::NO_CONTENT.into_response());
    preflight(request.method(), request.headers(), visitor).or_else(whole_server)
}

pin_project! {
    /// Waits for a request's answer and finishes it.
    pub(crate) struct Answering {
        #[pin]
        step: Step,
        tells_origins: bool,
        visitor: Visitor,
        version: Version,
        exchange: Option<Exchange>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step {
        Answered { response: Option<Response> },
        Routed { #[pin] future: axum::routing::future::RouteFuture<Infallible> },
    }
}

impl Step {
    fn now(response: Response) -> Self {
        Self::Answered { response: Some(response) }
    }
}

impl Future for Answering {
    type Output = Result<Response<AnswerBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = match this.step.project() {
            StepProjection::Answered { response } => response.take().unwrap_or_default(),
            StepProjection::Routed { future } => {
                let Ok(response) = ready!(future.poll(cx));
                response
            }
        };
        let status = response.status();
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if *this.tells_origins {
            add_headers(headers, this.visitor);
        }
        if *this.version <= Version::HTTP_11 && leaves_body_unread(status) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let exchange = this.exchange.take();
        Poll::Ready(Ok(response.map(|body| AnswerBody { body, _exchange: exchange })))
    }
}

/// Returns whether an answer means that the rest of the request is not read, so that nothing can follow it on HTTP/1.
fn leaves_body_unread(status: StatusCode) -> bool {
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE)
}

/// Carries an answer's body, and with it the mark that the request is being answered.
pub(crate) struct AnswerBody {
    body: Body,
    _exchange: Option<Exchange>,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
