//! The query string as RSE reads it: unknown names mean nothing, and of a repeated one the last value counts.

use super::refusal::Refusal;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Holds the parameters of a query string; values are decoded when they are asked for.
#[derive(Debug)]
pub(super) struct Params<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Params<'a> {
    /// Parts a query string. A name that does not decode as UTF-8 is none that anyone asks for.
    pub(super) fn new(query: Option<&'a str>) -> Self {
        let pairs = query.unwrap_or_default().split('&');
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.filter_map(|(name, value)| Some((decode(name)?, value))).collect())
    }

    /// Returns the value of a parameter; `None` when it is not there.
    pub(super) fn last(&self, name: &str) -> Result<Option<Cow<'a, str>>, Refusal> {
        let Some((_, value)) = self.0.iter().rev().find(|(have, _)| have == name) else { return Ok(None) };
        decode(value)
            .map(Some)
            .ok_or_else(|| Refusal::bad_request(format!("Query parameter is not UTF-8: {name}")))
    }

    /// Returns whether a parameter is exactly `true`.
    pub(super) fn is_true(&self, name: &str) -> Result<bool, Refusal> {
        Ok(self.last(name)?.as_deref() == Some("true"))
    }
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
        assert!(Params::new(None).last("a").unwrap().is_none());
    }
}
