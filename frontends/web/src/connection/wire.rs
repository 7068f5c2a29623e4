//! A connection's socket, as HTTP sees it: notes what comes and goes, and keeps back refusals that say nothing.

use super::activity::Activity;
use super::permit::Permit;
use super::stream::Stream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Carries a connection's bytes. It holds the connection's place among the allowed ones, wherever it is taken: an upgraded
/// connection counts until its new owner drops it.
pub(crate) struct Wire {
    stream: Stream,
    activity: Arc<Activity>,
    /// Whether the client closed its side.
    ended: bool,
    /// Whether the last write was taken only in part, so that the next does not begin a response.
    mid_write: bool,
    /// Whether hyper wanted to refuse a request, with a response that has no body. A better one is written in its place.
    withheld: bool,
    _permit: Permit,
}

impl Wire {
    pub(crate) fn new(stream: Stream, activity: Arc<Activity>, permit: Permit) -> Self {
        Self { stream, activity, ended: false, mid_write: false, withheld: false, _permit: permit }
    }

    /// Returns the stream itself, for when HTTP is over.
    pub(crate) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns whether hyper wanted to refuse a request and was kept from it.
    pub(crate) fn withholds_refusal(&self) -> bool {
        self.withheld
    }

    fn note_write(&mut self, wanted: usize, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(taken)) = &outcome {
            self.mid_write = *taken < wanted;
        }
        self.note_progress(&outcome);
        outcome
    }

    fn note_progress<T>(&self, outcome: &Poll<io::Result<T>>) {
        match outcome {
            Poll::Ready(_) => self.activity.note_written(),
            Poll::Pending => self.activity.note_stuck(),
        }
    }
}

/// Recognises the response by which hyper itself refuses a malformed request: no body, and none of the headers that every
/// answer of this server has.
fn is_bare_refusal(write: &[u8]) -> bool {
    write.starts_with(b"HTTP/1.")
        && write.get(8..10) == Some(b" 4")
        && write.ends_with(b"\r\n\r\n")
        && std::str::from_utf8(write).is_ok_and(|head| {
            head.contains("content-length: 0\r\n") && !head.contains("x-content-type-options")
        })
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.activity.note_read();
        } else if room > 0 {
            self.ended = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.mid_write && is_bare_refusal(bytes) {
            self.withheld = true;
            return Poll::Ready(Ok(bytes.len()));
        }
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_write(bytes.len(), outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [single] = slices {
            return self.poll_write(cx, single);
        }
        let wanted = slices.iter().map(|slice| slice.len()).sum();
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note_write(wanted, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        self.note_progress(&outcome);
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.withheld {
            return Poll::Ready(Ok(()));
        }
        let outcome = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.note_progress(&outcome);
        outcome
    }
}
