//! The query string as RSE reads it: unknown names mean nothing, and of a repeated one the last value counts.

use super::refusal::Refusal;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Finds parameters in a query string, without decoding more than is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Params<'a>(&'a str);

impl<'a> Params<'a> {
    pub(super) fn new(query: Option<&'a str>) -> Self {
        Self(query.unwrap_or_default())
    }

    /// Returns the value of a parameter; `None` when it is not there.
    pub(super) fn last(&self, name: &str) -> Result<Option<Cow<'a, str>>, Refusal> {
        let pairs = self.0.rsplit('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let Some((_, value)) = pairs.into_iter().find(|(key, _)| is_key(key, name)) else { return Ok(None) };
        decode(value)
            .map(Some)
            .ok_or_else(|| Refusal::bad_request(format!("Query parameter is not UTF-8: {name}")))
    }

    /// Returns whether a parameter is exactly `true`.
    pub(super) fn is_true(&self, name: &str) -> Result<bool, Refusal> {
        Ok(self.last(name)?.as_deref() == Some("true"))
    }
}

fn is_key(key: &str, name: &str) -> bool {
    key == name || (key.contains(['%', '+']) && decode(key).is_some_and(|key| key == name))
}

/// Decodes as browsers encode forms; `None` when it is not UTF-8.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(Cow::Owned(decoded.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_case_matters() {
        let params = Params::new(Some("sort=1&Sort=7&so%72t=-1&x&a=%zz+b&last%2Dknown-id=%207&bad=%ff"));
        assert_eq!(params.last("sort").unwrap().unwrap(), "-1");
        assert_eq!(params.last("x").unwrap().unwrap(), "");
        assert_eq!(params.last("a").unwrap().unwrap(), "%zz b");
        assert_eq!(params.last("last-known-id").unwrap().unwrap(), " 7");
        assert!(params.last("none").unwrap().is_none());
        assert!(params.last("bad").is_err());
        assert!(Params::new(None).last("").unwrap().is_some_and(|value| value.is_empty()));
    }
}
