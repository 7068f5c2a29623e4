//! Who an RSE client says it is.

use eventweir::{Error, Result, Source};

/// Greatest length of a client id.
const MAX_BYTES: usize = 36;

/// Returns the `User-Agent` of a client with an id.
///
/// # Errors
/// `InvalidInput` when it is no client id.
pub(super) fn with_id(id: &str) -> Result<String> {
    // The broker keeps ids apart by writing a slash and a percent sign in another way.
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'%');
    if id.is_empty() || id.len() > MAX_BYTES || !id.bytes().all(plain) {
        return Err(Error::invalid(format!("{id:?} is no client id of RSE: 1 to 36 plain characters")));
    }
    Ok(format!("conformance/1 uuid/{id}"))
}

/// Returns the `User-Agent` of whom a source names, and otherwise of the client itself.
pub(super) fn of(source: Option<&Source>, own: &str) -> Result<String> {
    with_id(source.map_or(own, Source::as_str))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails by a panic")]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_another_id_is_refused() {
        assert_eq!(with_id("a-1").unwrap(), "conformance/1 uuid/a-1");
        for bad in ["", "a b", "a/b", "50%", "\u{e4}", &"a".repeat(37)] {
            assert!(with_id(bad).is_err(), "{bad:?}");
        }
    }
}
