//! Who a client says it is, so that it is not given its own events.

use super::agent::Agent;
use super::params::Params;
use super::refusal::Refusal;
use eventweir::{Principal, Result, Source};
use std::borrow::Cow;

/// Greatest length of a client id: that of a UUID.
const MAX_CHARS: usize = 36;
/// Everybody's client id in test mode who gave none.
const SHARED_IN_TESTS: &str = "550e8400-dead-beef-dead-446655440000";

/// Holds a client id: 1 to 36 characters of visible ASCII without blanks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClientId<'a>(Cow<'a, str>);

impl<'a> ClientId<'a> {
    /// Finds the id in the query, for script tags cannot set headers, or in the agent text.
    pub(super) fn find(agent: &'a Agent<'_>, params: &Params<'a>) -> Result<Option<Self>, Refusal> {
        if let Some(given) = params.last("client-id")? {
            return match is_id(&given) && given.len() <= MAX_CHARS {
                true => Ok(Some(Self(given))),
                false => Err(Refusal::bad_request(
                    "Invalid query parameter: client-id is 1 to 36 characters of visible ASCII",
                )),
            };
        }
        let Some(rest) = agent.after_mark() else { return Ok(None) };
        let end = rest.char_indices().nth(MAX_CHARS).map_or(rest.len(), |(at, _)| at);
        match is_id(&rest[..end]) {
            true => Ok(Some(Self(Cow::Borrowed(&rest[..end])))),
            false => Err(Refusal::bad_request(
                "Invalid UUID in User-Agent header: what follows uuid/ is visible ASCII without blanks",
            )),
        }
    }

    /// Insists on an id; in test mode there is one for all who gave none.
    pub(super) fn require(found: Option<Self>, test_mode: bool) -> Result<Self, Refusal> {
        match found {
            Some(id) => Ok(id),
            None if test_mode => Ok(Self(Cow::Borrowed(SHARED_IN_TESTS))),
            None => Err(Refusal::bad_request("Missing UUID in User-Agent header")),
        }
    }

    /// Binds the id to who was authenticated, so that nobody can hide events from another's client by using its id.
    ///
    /// The last slash parts the two: ids have theirs escaped.
    pub(super) fn source(&self, principal: &Principal) -> Result<Source> {
        let id = self.0.replace('%', "%25").replace('/', "%2F");
        principal.own_source(&Source::new(&id)?)
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(principal: &str, id: &str) -> String {
        ClientId(Cow::Borrowed(id)).source(&Principal::new(principal)).unwrap().to_string()
    }

    #[test]
    fn sources_of_different_clients_differ() {
        assert_eq!(source("anonymous", "a"), "a");
        assert_eq!(source("shop", "a"), "shop/a");
        assert_eq!(source("anonymous", "shop/a"), "shop%2Fa");
        assert_eq!(source("anonymous", "shop%2Fa"), "shop%252Fa");
        assert_eq!(source("shop/a", "b"), "shop/a/b");
        assert_eq!(source("shop", "a/b"), "shop/a%2Fb");
    }
}
