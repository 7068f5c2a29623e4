//! What a client presents over HTTP.

use crate::{Problem, Query};
use eventweir::{Credentials, ErrorKind};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// Greatest length of a token in bytes.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// The query key of a token, for those that cannot set headers: a browser's `EventSource`.
pub const ACCESS_TOKEN: &str = "access_token";

const X_AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// Reads the credentials of a request: `Authorization: Bearer TOKEN`, or `X-Auth-Token: TOKEN`; anonymous when there is neither.
///
/// # Errors
/// 400 when a header is malformed or stands there twice, or both stand there and differ; 401 for a scheme other than Bearer;
/// 431 when the token has more than [`MAX_TOKEN_BYTES`].
pub fn credentials(headers: &HeaderMap) -> Result<Credentials, Problem> {
    let bearer = only(headers, &AUTHORIZATION)?.map(bearer_token).transpose()?;
    let plain = only(headers, &X_AUTH_TOKEN)?.map(|value| check_token(value.as_bytes())).transpose()?;
    match (bearer, plain) {
        (Some(one), Some(other)) if one != other => {
            Err(Problem::invalid("the Authorization and X-Auth-Token headers differ; send one of them"))
        }
        (Some(token), _) | (None, Some(token)) => Ok(Credentials::token(token)),
        (None, None) => Ok(Credentials::Anonymous),
    }
}

/// Reads the credentials of a request as [`credentials`] does, or, when its headers have none, from the query key `access_token`.
///
/// # Errors
/// As [`credentials`]; 400 when the key stands there twice.
pub fn credentials_or_query(headers: &HeaderMap, query: &Query) -> Result<Credentials, Problem> {
    match credentials(headers)? {
        Credentials::Anonymous => {
            let token = query.one(ACCESS_TOKEN)?.map(|text| check_token(text.as_bytes())).transpose()?;
            Ok(token.map_or(Credentials::Anonymous, Credentials::token))
        }
        presented => Ok(presented),
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Problem::invalid(format!("the header {name} stands there more than once"))),
        (value, None) => Ok(value),
    }
}

fn bearer_token(value: &HeaderValue) -> Result<&str, Problem> {
    let refused = || {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            ErrorKind::Unauthenticated.code(),
            "the Authorization header must be `Bearer` and a token",
        )
    };
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len()).ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case(b"Bearer ") {
        return Err(refused());
    }
    check_token(token.trim_ascii())
}

fn check_token(token: &[u8]) -> Result<&str, Problem> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Problem::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "token_too_long",
            "a token has at most 4,096 bytes",
        ));
    }
    std::str::from_utf8(token)
        .ok()
        .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()))
        .ok_or_else(|| Problem::invalid("a token is visible ASCII without blanks, at least one character"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &str)]) -> Result<Credentials, u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        credentials(&headers).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_token_comes_in_either_header() {
        let token = Ok(Credentials::token("s3cret"));
        assert_eq!(of(&[("authorization", "Bearer s3cret")]), token);
        assert_eq!(of(&[("authorization", "bearer  s3cret")]), token);
        assert_eq!(of(&[("x-auth-token", "s3cret")]), token);
        assert_eq!(of(&[("x-auth-token", "s3cret"), ("authorization", "Bearer s3cret")]), token);
        assert_eq!(of(&[]), Ok(Credentials::Anonymous));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let long = "a".repeat(MAX_TOKEN_BYTES + 1);
        for (headers, status) in [
            (&[("authorization", "Basic dTpw")][..], 401),
            (&[("authorization", "Bear")], 401),
            (&[("authorization", "Bearer ")], 400),
            (&[("authorization", "Bearer a b")], 400),
            (&[("x-auth-token", "")], 400),
            (&[("x-auth-token", "\u{e4}")], 400),
            (&[("x-auth-token", "a"), ("x-auth-token", "a")], 400),
            (&[("x-auth-token", "a"), ("authorization", "Bearer b")], 400),
            (&[("x-auth-token", &long)], 431),
        ] {
            assert_eq!(of(headers), Err(status), "{headers:?}");
        }
    }

    #[test]
    fn headers_go_before_the_query() {
        let query = Query::parse(Some("access_token=q")).unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(credentials_or_query(&headers, &query).unwrap(), Credentials::token("q"));
        headers.insert(X_AUTH_TOKEN, HeaderValue::from_static("h"));
        assert_eq!(credentials_or_query(&headers, &query).unwrap(), Credentials::token("h"));
    }
}
