//! The binary mode: attributes are request headers, the body is the data.

use super::PREFIX;
use super::attributes::Attributes;
use crate::header_text;
use eventweir::{Error, EventId, Result};
use http::HeaderMap;
use percent_encoding::percent_decode_str;

/// Returns whether a request carries a CloudEvent in binary mode: `ce-specversion` makes it one.
pub(crate) fn is_binary(headers: &HeaderMap) -> bool {
    headers.contains_key("ce-specversion")
}

/// Reads the attributes; returns the event's id, and its headers to be.
///
/// # Errors
/// [`InvalidInput`](eventweir::ErrorKind::InvalidInput) when they make no CloudEvent 1.0.
pub(crate) fn from_headers(headers: &HeaderMap) -> Result<(EventId, Vec<(String, String)>)> {
    let mut attributes = Attributes::default();
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix(PREFIX) else { continue };
        if name == "datacontenttype" {
            return Err(Error::invalid("a CloudEvent in binary mode says its data's type by Content-Type"));
        }
        attributes.add(name, decode(&header_text::unquoted(header_text::of(name, value)?))?)?;
    }
    attributes.finish()
}

/// The binding has everything beyond visible ASCII percent-encoded.
fn decode(value: &str) -> Result<String> {
    percent_decode_str(value)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| Error::invalid("a CloudEvents header is no UTF-8 once its percent-encoding is undone"))
}
