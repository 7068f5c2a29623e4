//! How a connection is left: with a word, and without cutting off what was said.

use crate::Problem;
use http::StatusCode;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Time for a client to take a refusal, and to close its side once the server has closed its own.
const LINGER: Duration = Duration::from_secs(2);

/// Most bytes that are read and dropped while lingering.
const MOST_LINGERING_BYTES: u64 = 1 << 20;

/// Answers where there is no request that could be answered, and closes the server's side.
pub(crate) async fn refuse(wire: &mut (impl AsyncWrite + Unpin), problem: &Problem) {
    let refusal = async {
        wire.write_all(&response(problem)).await?;
        wire.shutdown().await
    };
    // A client that does not listen is not owed an answer.
    let _: Result<io::Result<()>, _> = tokio::time::timeout(LINGER, refusal).await;
}

/// Closes the server's side.
pub(crate) async fn close(wire: &mut (impl AsyncWrite + Unpin)) {
    // If the client is gone, so much the better.
    let _: Result<io::Result<()>, _> = tokio::time::timeout(LINGER, wire.shutdown()).await;
}

/// Reads on for a moment after the server's side was closed. Closing a socket that has unread bytes resets it, and a reset takes
/// away what the client has not read yet: the very answer that told it why.
pub(crate) async fn linger(wire: &mut (impl AsyncRead + Unpin)) {
    let mut rest = wire.take(MOST_LINGERING_BYTES);
    let mut dropped = tokio::io::sink();
    let _: Result<io::Result<u64>, _> =
        tokio::time::timeout(LINGER, tokio::io::copy(&mut rest, &mut dropped)).await;
}

fn response(problem: &Problem) -> Vec<u8> {
    let status = problem.status();
    let document = problem.to_json();
    let again = if status == StatusCode::SERVICE_UNAVAILABLE { "retry-after: 1\r\n" } else { "" };
    let mut response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\n{again}content-length: {}\r\nconnection: close\r\n\r\n",
        document.len()
    )
    .into_bytes();
    response.extend_from_slice(&document);
    response
}
