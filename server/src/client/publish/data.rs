//! What is published.

use crate::failure::{Failure, Result};
use bytes::Bytes;
use std::fs::File;
use std::io::Read;

/// Greatest length of an event's data that is read at all; the broker's own limit is lower.
const MAX_BYTES: u64 = 1 << 30;

/// Holds an event's data.
pub(super) struct Data(Bytes);

impl Data {
    /// Reads what the command line names: the text itself, `@FILE`, or `-` for stdin.
    ///
    /// # Errors
    /// When a file or stdin cannot be read, or is too long.
    pub(super) fn read(argument: &str) -> Result<Self> {
        match (argument, argument.strip_prefix('@')) {
            ("-", _) => read_all("stdin", std::io::stdin().lock()),
            (_, Some(path)) => {
                let file = File::open(path).map_err(|error| unreadable(path, &error))?;
                read_all(path, file)
            }
            (text, None) => Ok(Self(Bytes::copy_from_slice(text.as_bytes()))),
        }
    }

    /// Holds some bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }

    /// Returns what the data looks like.
    pub(super) fn guess_type(&self) -> &'static str {
        if eventweir::json::check(&self.0).is_ok() {
            "application/json"
        } else if std::str::from_utf8(&self.0).is_ok() {
            "text/plain; charset=utf-8"
        } else {
            "application/octet-stream"
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.0
    }
}

fn read_all(name: &str, source: impl Read) -> Result<Data> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::usage(format!("{name} is longer than {MAX_BYTES} bytes")));
    }
    Ok(Data(bytes.into()))
}

pub(super) fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{name} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::Data;

    #[test]
    fn types_are_guessed_from_the_data() {
        for (data, guess) in [
            (&b"{\"a\": 1}"[..], "application/json"),
            (b"7", "application/json"),
            (b"seven", "text/plain; charset=utf-8"),
            (b"", "text/plain; charset=utf-8"),
            (b"\xff", "application/octet-stream"),
        ] {
            assert_eq!(Data::of(data).guess_type(), guess, "{data:?}");
        }
    }
}
