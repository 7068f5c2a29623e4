//! Cutting answers out of what arrives, by status line and content-length.

use crate::failure::{Failure, Result};
use memchr::memmem;

/// Reads the answers of one connection on which one request at a time is under way.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The beginning of an answer that has not arrived as a whole.
    partial: Vec<u8>,
}

impl Answers {
    /// Takes what arrived; returns whether an answer is complete.
    ///
    /// # Errors
    /// When it is not a success, or says nothing of its length.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<bool> {
        if self.partial.is_empty() && is_whole(bytes)? {
            return Ok(true);
        }
        self.partial.extend_from_slice(bytes);
        let whole = is_whole(&self.partial)?;
        if whole {
            self.partial.clear();
        }
        Ok(whole)
    }
}

fn is_whole(answer: &[u8]) -> Result<bool> {
    let Some(head) = memmem::find(answer, b"\r\n\r\n") else { return Ok(false) };
    let (status, rest) = (answer.get(9..12).unwrap_or_default(), answer.len() - head - 4);
    if !status.starts_with(b"2") {
        return Err(unexpected("refused a request", answer));
    }
    if status == b"204" {
        return Ok(true);
    }
    match content_length(&answer[..head]) {
        Some(length) => Ok(rest >= length),
        None => Err(unexpected("gave an answer without a content-length", answer)),
    }
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))?;
    std::str::from_utf8(&line[NAME.len()..]).ok()?.trim().parse().ok()
}

fn unexpected(what: &str, answer: &[u8]) -> Failure {
    let shown = &answer[..answer.len().min(600)];
    Failure::failed(format!("the server under test {what}: {}", String::from_utf8_lossy(shown)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";

    #[test]
    fn an_answer_is_whole_wherever_it_is_cut() {
        for cut in 1..CREATED.len() {
            let mut answers = Answers::default();
            assert!(!answers.take(&CREATED[..cut]).unwrap(), "{cut}");
            assert!(answers.take(&CREATED[cut..]).unwrap(), "{cut}");
            assert!(answers.take(CREATED).unwrap());
        }
    }

    #[test]
    fn a_204_has_no_body_and_refusals_are_told() {
        assert!(Answers::default().take(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap());
        let refused =
            Answers::default().take(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").unwrap_err();
        assert!(refused.message().contains("404"));
        Answers::default().take(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap_err();
    }
}
