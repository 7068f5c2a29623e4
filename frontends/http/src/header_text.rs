//! The text of request headers.

use eventweir::{Error, Result};
use http::HeaderValue;
use std::borrow::Cow;

/// Returns a header's value as UTF-8.
///
/// # Errors
/// [`InvalidInput`](eventweir::ErrorKind::InvalidInput) when it is none.
pub(crate) fn of<'a>(name: &str, value: &'a HeaderValue) -> Result<&'a str> {
    std::str::from_utf8(value.as_bytes())
        .map_err(|_| Error::invalid(format!("the header {name:?} is not UTF-8")))
}

/// Takes the quotes off a value that is wholly in quotes, as structured headers write strings.
pub(crate) fn unquoted(value: &str) -> Cow<'_, str> {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        None => Cow::Borrowed(value),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(inner) => Cow::Owned(unescaped(inner)),
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::unquoted;

    #[test]
    fn quotes_come_off_only_in_pairs() {
        assert_eq!(unquoted(r#""a b""#), "a b");
        assert_eq!(unquoted(r#""a\"b\\""#), r#"a"b\"#);
        assert_eq!(unquoted(r#"a"b"#), r#"a"b"#);
        assert_eq!(unquoted("\""), "\"");
    }
}
