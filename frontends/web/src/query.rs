//! Query strings, read strictly.

use crate::Problem;
use http::StatusCode;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Holds the decoded keys and values of a query string, in their order.
///
/// Whoever reads it names all keys that it understands, so that a misspelt key is an error and not a surprise.
/// Its `Debug` shows the keys alone, since a value may be a token.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Greatest length of a query string in bytes, as it stands in the URL.
    pub const MAX_BYTES: usize = 16 << 10;

    /// Decodes a query string as browsers encode forms: `+` is a space.
    ///
    /// # Errors
    /// 414 when it has more than [`MAX_BYTES`](Self::MAX_BYTES), 400 when what it encodes is not UTF-8.
    pub fn parse(raw: Option<&str>) -> Result<Self, Problem> {
        let raw = raw.unwrap_or_default();
        if raw.len() > Self::MAX_BYTES {
            return Err(Problem::new(
                StatusCode::URI_TOO_LONG,
                "query_too_long",
                "the query string has at most 16,384 bytes",
            ));
        }
        raw.split('&').filter(|pair| !pair.is_empty()).map(decode_pair).collect::<Result<_, _>>().map(Self)
    }

    /// Checks that there is no key but these.
    ///
    /// # Errors
    /// 400, with the first key that is not among them.
    pub fn check_keys(&self, known: &[&[&str]]) -> Result<(), Problem> {
        match self.0.iter().find(|(key, _)| !known.iter().any(|keys| keys.contains(&key.as_str()))) {
            None => Ok(()),
            Some((key, _)) => Err(Problem::invalid(format!("there is no query key {key:?} here"))),
        }
    }

    /// Returns the value of a key; `None` when it is not there.
    ///
    /// # Errors
    /// 400 when the key stands there more than once.
    pub fn one(&self, key: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.all(key);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Problem::invalid(format!("the query key {key} stands there more than once"))),
            (value, None) => Ok(value),
        }
    }

    /// Lists all values of a key.
    pub fn all<'q>(&'q self, key: &str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Reads the value of a key as one of our own types.
    ///
    /// # Errors
    /// As [`one`](Self::one); 400 with what the type says when it refuses the value.
    pub fn parsed<T: FromStr<Err: Display>>(&self, key: &str) -> Result<Option<T>, Problem> {
        let refused = |error| Problem::invalid(format!("the query key {key}: {error}"));
        self.one(key)?.map(|text| text.parse().map_err(refused)).transpose()
    }

    /// Reads the value of a key as a whole number in a range.
    ///
    /// # Errors
    /// As [`one`](Self::one); 400 with the range when the value is no number in it.
    pub fn number(&self, key: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, Problem> {
        let Some(text) = self.one(key)? else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = if digits { text.parse().ok() } else { None };
        number.filter(|number| range.contains(number)).map(Some).ok_or_else(|| {
            Problem::invalid(format!(
                "the query key {key} is a whole number from {} to {}",
                range.start(),
                range.end()
            ))
        })
    }

    /// Reads the value of a key as one of some words, and returns what stands beside the word.
    ///
    /// # Errors
    /// As [`one`](Self::one); 400 with the words when the value is none of them.
    pub fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, Problem> {
        let Some(text) = self.one(key)? else { return Ok(None) };
        words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| Some(*meaning)).ok_or_else(|| {
            let list: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Problem::invalid(format!("the query key {key} is one of: {}", list.join(", ")))
        })
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(key, _)| key)).finish()
    }
}

/// Decodes percent-encoding as UTF-8, strictly.
///
/// # Errors
/// 400 when what it encodes is not UTF-8.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, Problem> {
    percent_decode_str(text).decode_utf8().map_err(|_| Problem::invalid("the URL does not encode UTF-8"))
}

fn decode_pair(pair: &str) -> Result<(String, String), Problem> {
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    Ok((decode_form(key)?, decode_form(value)?))
}

fn decode_form(text: &str) -> Result<String, Problem> {
    if text.contains('+') {
        return decode(&text.replace('+', " ")).map(Cow::into_owned);
    }
    decode(text).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventweir::Start;

    fn query(raw: &str) -> Query {
        Query::parse(Some(raw)).unwrap()
    }

    #[test]
    fn keys_and_values_are_decoded_as_forms_are() {
        let query = query("a=1&b=%2Fx+y%2B&&c&a=2&d=e=f");
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.one("b").unwrap(), Some("/x y+"));
        assert_eq!(query.one("c").unwrap(), Some(""));
        assert_eq!(query.one("d").unwrap(), Some("e=f"));
        assert_eq!(query.one("z").unwrap(), None);
        assert_eq!(Query::parse(None).unwrap(), Query::default());
    }

    #[test]
    fn problems_name_the_key_and_the_rule() {
        let detail = |problem: Problem| problem.detail().to_owned();
        let query = query("limit=0&order=up&a=1&a=2&after=x");
        assert_eq!(detail(query.one("a").unwrap_err()), "the query key a stands there more than once");
        assert_eq!(
            detail(query.number("limit", 1..=1000).unwrap_err()),
            "the query key limit is a whole number from 1 to 1000"
        );
        assert_eq!(
            detail(query.choice("order", &[("ascending", 1), ("descending", 2)]).unwrap_err()),
            "the query key order is one of: ascending, descending"
        );
        assert!(
            detail(query.parsed::<Start>("after").unwrap_err())
                .starts_with("the query key after: a start is")
        );
        assert_eq!(
            detail(query.check_keys(&[&["limit", "order"], &["a"]]).unwrap_err()),
            "there is no query key \"after\" here"
        );
        assert!(query.check_keys(&[&["limit", "order", "after"], &["a"]]).is_ok());
    }

    #[test]
    fn numbers_have_one_spelling() {
        for bad in ["+1", "-1", "", "1.0", "0x1", "18446744073709551616", "1e3"] {
            let query = Query(vec![("n".into(), bad.into())]);
            assert!(query.number("n", 0..=u64::MAX).is_err(), "{bad:?}");
        }
        assert_eq!(query("n=7").number("n", 0..=9).unwrap(), Some(7));
    }

    #[test]
    fn long_and_undecodable_strings_are_refused() {
        let status = |raw: &str| Query::parse(Some(raw)).unwrap_err().status().as_u16();
        assert_eq!(status(&"a".repeat(Query::MAX_BYTES + 1)), 414);
        assert_eq!(status("a=%ff"), 400);
        assert_eq!(status("%c3=a"), 400);
    }
}
