//! What browsers say of why and for whom they ask.

use super::refusal::Refusal;
use http::HeaderMap;

/// Refuses to publish through GET for prefetchers and for pages of other sites: neither is the user's will.
pub(super) fn refuse_unasked_publishing(headers: &HeaderMap) -> Result<(), Refusal> {
    if is_prefetch(headers) || is_of_another_site(headers) {
        return Err(Refusal::forbidden(
            "Publishing through GET is refused for prefetches and for pages of other sites",
        ));
    }
    Ok(())
}

/// Refuses to let a script tag of another site read what its visitor may read without a token.
pub(super) fn refuse_foreign_script(headers: &HeaderMap) -> Result<(), Refusal> {
    if is_of_another_site(headers) {
        return Err(Refusal::forbidden("A page of another site needs a token to read with a callback"));
    }
    Ok(())
}

fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].iter().any(|name| {
        headers.get_all(*name).iter().filter_map(|value| value.to_str().ok()).any(|value| {
            let value = value.to_ascii_lowercase();
            ["prefetch", "prerender", "preview"].iter().any(|purpose| value.contains(purpose))
        })
    })
}

fn is_of_another_site(headers: &HeaderMap) -> bool {
    headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| matches!(site.as_bytes(), b"cross-site" | b"same-site"))
}
