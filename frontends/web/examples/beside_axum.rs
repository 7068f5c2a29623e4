//! Serves the same three resources by this crate or by axum alone, to measure what the difference costs:
//!
//! ```text
//! cargo run --release -p eventweir-web --example beside_axum -- web 127.0.0.1:7001
//! cargo run --release -p eventweir-web --example beside_axum -- axum 127.0.0.1:7002
//! wrk -t1 -c64 http://127.0.0.1:7001/nothing
//! ```
//!
//! `GET /nothing` is an idle poll, `POST /publish` reads a body, `GET /stream` says one word and stays silent.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use eventweir::Shutdown;
use eventweir_web::{Problem, WebConfig, WebServer, read_body};
use futures_util::StreamExt;
use futures_util::stream::{once, pending};
use http::StatusCode;
use std::net::SocketAddr;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let (Some(which), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: beside_axum web|axum ADDRESS".into());
    };
    let (address, router) = (address.parse()?, router());
    match which.as_str() {
        "web" => serve_web(address, router.route("/publish", post(publish))).await,
        "axum" => serve_axum(address, router.route("/publish", post(publish_bare))).await,
        _ => Err("the first argument is web or axum".into()),
    }
}

fn router() -> Router {
    Router::new().route("/nothing", get(|| async { StatusCode::NO_CONTENT })).route("/stream", get(stream))
}

async fn serve_web(address: SocketAddr, router: Router) -> Result<(), Failure> {
    let mut config = WebConfig::at(address);
    config.max_connections = 20_000;
    Ok(WebServer::bind(config).await?.serve(router, Shutdown::new()).await?)
}

async fn serve_axum(address: SocketAddr, router: Router) -> Result<(), Failure> {
    use axum::serve::ListenerExt;
    let listener = tokio::net::TcpListener::bind(address).await?;
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    Ok(axum::serve(listener, router).await?)
}

async fn publish(body: Body) -> Result<StatusCode, Problem> {
    read_body(body, 1 << 20).await.map(|_| StatusCode::CREATED)
}

async fn publish_bare(_body: Bytes) -> StatusCode {
    StatusCode::CREATED
}

async fn stream() -> Response {
    let words = once(async { Ok::<_, std::io::Error>("begun\n\n") }).chain(pending());
    Response::new(Body::from_stream(words))
}
