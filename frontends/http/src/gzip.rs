//! Compression of bodies, both ways. Large ones are worked on beside the runtime's threads.

use bytes::Bytes;
use eventweir_web::Problem;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::io::{Read, Write};

/// Bodies below this are not worth compressing.
const LEAST: usize = 1 << 10;
/// Bodies above this would hold up other requests of the same thread.
const LONG: usize = 64 << 10;

/// Compresses a body for a client that takes gzip; returns the encoding it has then.
pub(crate) async fn for_client(request: &HeaderMap, body: Vec<u8>) -> (Bytes, Option<HeaderValue>) {
    if body.len() < LEAST || !takes_gzip(request) {
        return (body.into(), None);
    }
    let body = Bytes::from(body);
    let packed = if body.len() > LONG {
        let plain = body.clone();
        tokio::task::spawn_blocking(move || compress(&plain)).await.ok().flatten()
    } else {
        compress(&body)
    };
    match packed {
        Some(packed) => (packed.into(), Some(HeaderValue::from_static("gzip"))),
        None => (body, None),
    }
}

/// Undoes the encoding that a request's body says it has, at most to `most` bytes.
///
/// # Errors
/// 415 for an encoding other than gzip, 413 when the body would be larger, 400 when it is no gzip.
pub(crate) async fn from_client(request: &HeaderMap, body: Bytes, most: u64) -> Result<Bytes, Problem> {
    let Some(encoding) = request.get(CONTENT_ENCODING) else { return Ok(body) };
    match encoding.as_bytes() {
        named if named.eq_ignore_ascii_case(b"identity") => Ok(body),
        named if named.eq_ignore_ascii_case(b"gzip") => {
            let inflated = tokio::task::spawn_blocking(move || inflate(&body, most)).await;
            inflated.unwrap_or_else(|_| Err(Problem::invalid("the body could not be inflated")))
        }
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_encoding",
            "the Content-Encoding of a body is gzip or identity",
        )),
    }
}

/// Says whether `Accept-Encoding` names gzip, or anything, with a weight above zero.
fn takes_gzip(request: &HeaderMap) -> bool {
    let mut others = false;
    for value in request.get_all(ACCEPT_ENCODING) {
        for item in value.as_bytes().split(|b| *b == b',') {
            let mut parts = item.split(|b| *b == b';').map(|part| part.trim_ascii());
            let coding = parts.next().unwrap_or_default();
            let wanted = !parts.any(is_weight_zero);
            if coding.eq_ignore_ascii_case(b"gzip") {
                return wanted;
            }
            others |= coding == b"*" && wanted;
        }
    }
    others
}

fn is_weight_zero(parameter: &[u8]) -> bool {
    matches!(parameter, b"q=0" | b"q=0." | b"q=0.0" | b"q=0.00" | b"q=0.000")
}

fn compress(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::fast());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

/// Reads one byte more than is allowed at most, so that no bomb ever unfolds.
fn inflate(packed: &[u8], most: u64) -> Result<Bytes, Problem> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(packed)
        .take(most.saturating_add(1))
        .read_to_end(&mut plain)
        .map_err(|_| Problem::invalid("the body is not the gzip that its Content-Encoding says"))?;
    if plain.len() as u64 > most {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("the body inflates to more than {most} bytes, the most that is allowed here"),
        ));
    }
    Ok(plain.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(value: &'static str) -> bool {
        takes_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]))
    }

    #[test]
    fn weights_count() {
        for yes in ["gzip", "br, GZIP;q=0.5", "*", "deflate, *;q=0.1"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "gzip; q=0.0, *", "*;q=0"] {
            assert!(!accepts(no), "{no}");
        }
    }

    #[test]
    fn a_bomb_never_unfolds() {
        let bomb = compress(&vec![0; 10 << 20]).unwrap();
        let problem = inflate(&bomb, 1000).unwrap_err();
        assert_eq!(problem.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(inflate(&compress(b"plain").unwrap(), 5).unwrap(), "plain");
        assert_eq!(inflate(b"plain", 5).unwrap_err().status(), StatusCode::BAD_REQUEST);
        let cut = &bomb[..bomb.len() / 2];
        assert_eq!(inflate(cut, 20 << 20).unwrap_err().status(), StatusCode::BAD_REQUEST);
    }
}
