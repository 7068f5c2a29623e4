//! JSONP, for script tags: the answer as a call of a function that the client names.

use super::params::Params;
use super::refusal::Refusal;
use std::borrow::Cow;

const MAX_BYTES: usize = 128;
/// The last byte of U+2028 and U+2029 in UTF-8, and what stands before it.
const SEPARATORS: [(u8, &[u8]); 2] = [(0xa8, br"\u2028"), (0xa9, br"\u2029")];
const BEFORE_SEPARATOR: [u8; 2] = [0xe2, 0x80];

/// Names the function: 1 to 128 ASCII letters, digits and underscores, so that it can be nothing but a name.
#[derive(Debug)]
pub(super) struct Callback<'a>(Cow<'a, str>);

impl<'a> Callback<'a> {
    /// Reads the parameter; an empty one counts as absent.
    pub(super) fn of(params: &Params<'a>, jsonp: bool) -> Result<Option<Self>, Refusal> {
        let Some(name) = params.last("callback")?.filter(|name| !name.is_empty()) else { return Ok(None) };
        if !jsonp {
            return Err(Refusal::bad_request("Callbacks are turned off on this server"));
        }
        if name.len() > MAX_BYTES || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(Refusal::bad_request("Invalid callback name"));
        }
        Ok(Some(Self(name)))
    }

    /// Wraps a JSON text in the call.
    pub(super) fn call(&self, json: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(json.len() + self.0.len() + 3);
        out.extend_from_slice(self.0.as_bytes());
        out.push(b'(');
        push_without_separators(&mut out, json);
        out.extend_from_slice(b");");
        out
    }
}

/// Appends JSON with U+2028 and U+2029 escaped: older script engines end a line there. They stand in strings only.
fn push_without_separators(out: &mut Vec<u8>, json: &[u8]) {
    let mut rest = json;
    while let Some(at) = rest.windows(2).position(|pair| pair == BEFORE_SEPARATOR) {
        let (before, from) = rest.split_at(at);
        out.extend_from_slice(before);
        let escape = from.get(2).and_then(|last| SEPARATORS.iter().find(|(byte, _)| byte == last));
        let taken = match escape {
            Some((_, escape)) => {
                out.extend_from_slice(escape);
                3
            }
            None => {
                out.extend_from_slice(&BEFORE_SEPARATOR);
                2
            }
        };
        rest = &from[taken..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_separators_are_escaped_and_their_neighbours_are_not() {
        let callback = Callback(Cow::Borrowed("f"));
        let text = "[\"a\u{2028}b\u{2029}\u{2027}\u{20ac}\"]";
        let call = String::from_utf8(callback.call(text.as_bytes())).unwrap();
        assert_eq!(call, "f([\"a\\u2028b\\u2029\u{2027}\u{20ac}\"]);");
    }
}
