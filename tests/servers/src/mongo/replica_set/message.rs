//! Messages of MongoDB's protocol, as far as a member must understand them.

use mongodb::bson::{Document, doc};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// A whole message, header included.
#[derive(Debug)]
pub(super) struct Message(Vec<u8>);

const HEADER: usize = 16;
/// Only the first message of a connection, and its answer, have the old forms.
const OLD_REPLY: i32 = 1;
const OP_MSG: i32 = 2013;
/// Where the document begins.
const OLD_REPLY_BODY: usize = 36;
const BODY: usize = 21;
/// The protocol's own limit is 48 MB.
const LARGEST: usize = 64 << 20;

impl Message {
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut bytes = vec![0; HEADER];
        from.read_exact(&mut bytes).await?;
        let length = number(&bytes, 0).and_then(|length| usize::try_from(length).ok());
        let length = length.filter(|length| (HEADER..=LARGEST).contains(length)).ok_or_else(strange)?;
        bytes.resize(length, 0);
        from.read_exact(&mut bytes[HEADER..]).await?;
        Ok(Self(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the command's name: the first key of the body. The old form is only used for `hello`.
    pub(super) fn command(&self) -> &str {
        if self.code() != Some(OP_MSG) {
            return "hello";
        }
        let key = self.0.get(BODY + 5..).unwrap_or_default();
        let end = key.iter().position(|byte| *byte == 0).unwrap_or(0);
        std::str::from_utf8(&key[..end]).unwrap_or("")
    }

    /// Returns the document of an answer.
    pub(super) fn body(&self) -> Option<Document> {
        Document::from_reader(self.0.get(self.body_at()..)?).ok()
    }

    /// Puts another document in its place.
    pub(super) fn with_body(&self, body: &Document) -> io::Result<Self> {
        let mut bytes = self.0.get(..self.body_at()).ok_or_else(strange)?.to_vec();
        if self.code() == Some(OP_MSG) {
            // No checksum and nothing after it: there is one body, and this is all.
            bytes[HEADER..HEADER + 4].fill(0);
        }
        bytes.extend(body.to_vec().map_err(io::Error::other)?);
        let length = i32::try_from(bytes.len()).map_err(io::Error::other)?;
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        Ok(Self(bytes))
    }

    /// Answers that somebody else is the primary.
    pub(super) fn not_primary(&self) -> io::Result<Self> {
        let mut labels = vec!["ResumableChangeStreamError"];
        if self.body().is_some_and(|body| body.contains_key("txnNumber")) {
            labels.push("RetryableWriteError");
        }
        let body = doc! {
            "ok": 0.0, "errmsg": "not primary", "code": 10107, "codeName": "NotWritablePrimary", "errorLabels": labels,
        };
        let request = self.0.get(4..8).ok_or_else(strange)?;
        let mut bytes = vec![0; BODY];
        bytes[8..12].copy_from_slice(request);
        bytes[12..16].copy_from_slice(&OP_MSG.to_le_bytes());
        Self(bytes).with_body(&body)
    }

    fn code(&self) -> Option<i32> {
        number(&self.0, 12)
    }

    fn body_at(&self) -> usize {
        if self.code() == Some(OLD_REPLY) { OLD_REPLY_BODY } else { BODY }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn strange() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "that is no message of MongoDB's protocol")
}
