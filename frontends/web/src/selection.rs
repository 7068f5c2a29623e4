//! Which channels a request means, and where it starts.

use crate::Problem;
use crate::query::{Query, decode};
use eventweir::{ChannelName, ChannelPattern, Scope, Selector, Source, Start};
use http::{HeaderMap, HeaderName};

/// The query keys that every selection has.
const KEYS: &[&str] = &["match", "channel", "except", "after"];
/// The query keys that say the last event seen, for event streams whose client cannot set the header.
const LAST_EVENT_ID_KEYS: &[&str] = &["lastEventId", "last-event-id"];
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Says what a reader over HTTP wants: which events, and from where on.
///
/// The channel stands in the path. `match` says what is meant by it: `exact` (unless given), `subtree`, `ancestors`, or
/// `pattern`. Each `channel=/x` adds another under the same `match`, or as `subtree:/x`, `ancestors:/x` or a path with stars
/// say themselves. Without a channel in the path there is no `match`; every channel is meant, or those that the `channel` keys
/// name, as [`selector_of_query`] reads them. `except=SOURCE` leaves out the events of one source. `after` is `earliest`, `latest`, a position or a
/// sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Which events.
    pub selector: Selector,
    /// From where on.
    pub start: Start,
}

#[derive(Clone, Copy)]
enum Match {
    Exact,
    Subtree,
    Ancestors,
    Pattern,
}

impl Selection {
    /// Reads the selection of a page: from the oldest event on unless `after` is given.
    ///
    /// `path` is the URL's path as it was sent, from the slash on that begins the channel, and empty without one; `keys` are the further query keys that
    /// the caller understands.
    ///
    /// # Errors
    /// 400 that names what is wrong: a channel, a value, a key that is unknown or stands there twice; 413 for more than
    /// [`Selector::MAX_SCOPES`] channels.
    pub fn of_page(path: &str, query: &Query, keys: &[&str]) -> Result<Self, Problem> {
        query.check_keys(&[KEYS, keys])?;
        let start = query.parsed("after")?.unwrap_or(Start::Earliest);
        Ok(Self { selector: selector(path, query)?, start })
    }

    /// Reads the selection of a live stream: from now on unless `after` is given, and after the last event seen when the
    /// header `Last-Event-ID`, or else the query key `lastEventId` or `last-event-id`, names it.
    ///
    /// # Errors
    /// As [`of_page`](Self::of_page); 400 when the last event's id is not one that was given out.
    pub fn of_stream(path: &str, query: &Query, headers: &HeaderMap, keys: &[&str]) -> Result<Self, Problem> {
        query.check_keys(&[KEYS, LAST_EVENT_ID_KEYS, keys])?;
        let after = query.parsed("after")?;
        let start = last_event_id(query, headers)?.or(after).unwrap_or(Start::Latest);
        Ok(Self { selector: selector(path, query)?, start })
    }
}

/// Reads a channel's name from a URL's path as it was sent, from the slash on that begins the channel.
///
/// An encoded slash (`%2F`) is a slash.
///
/// # Errors
/// 400 when it does not encode UTF-8, or is no channel name.
pub fn channel_of_path(path: &str) -> Result<ChannelName, Problem> {
    Ok(ChannelName::new(&decode(path)?)?)
}

/// Reads which events a query means by itself: those of its `channel` keys, each of which says what is meant by it (`/x`,
/// `subtree:/x`, `ancestors:/x`, a path with stars), or without any those of every channel; but for the source of `except`.
///
/// # Errors
/// 400 for `match`, which has nothing to go with, and for what is no channel or source; 413 for more than
/// [`Selector::MAX_SCOPES`] channels.
pub fn selector_of_query(query: &Query) -> Result<Selector, Problem> {
    if query.one("match")?.is_some() {
        return Err(Problem::invalid(
            "match goes with a channel in the path; write channel=subtree:/a, ancestors:/a or a path with stars",
        ));
    }
    let scopes = added(query).map(Scope::parse).collect::<eventweir::Result<Vec<_>>>()?;
    let selector = if scopes.is_empty() { Selector::all() } else { Selector::new(scopes)? };
    without_excepted(selector, query)
}

fn selector(path: &str, query: &Query) -> Result<Selector, Problem> {
    if path.is_empty() {
        return selector_of_query(query);
    }
    let how = query
        .choice(
            "match",
            &[
                ("exact", Match::Exact),
                ("subtree", Match::Subtree),
                ("ancestors", Match::Ancestors),
                ("pattern", Match::Pattern),
            ],
        )?
        .unwrap_or(Match::Exact);
    let mut scopes = vec![how.scope(&decode(path)?)?];
    for text in added(query) {
        scopes.push(if speaks_for_itself(text) { Scope::parse(text)? } else { how.scope(text)? });
    }
    without_excepted(Selector::new(scopes)?, query)
}

/// Lists what the `channel` keys say. One more than allowed is enough to be refused.
fn added(query: &Query) -> impl Iterator<Item = &str> {
    query.all("channel").take(Selector::MAX_SCOPES + 1)
}

fn without_excepted(selector: Selector, query: &Query) -> Result<Selector, Problem> {
    Ok(match query.parsed::<Source>("except")? {
        Some(source) => selector.except(source),
        None => selector,
    })
}

fn speaks_for_itself(text: &str) -> bool {
    !text.starts_with('/') || text.contains('*')
}

impl Match {
    fn scope(self, text: &str) -> eventweir::Result<Scope> {
        match self {
            Self::Exact => ChannelName::new(text).map(Scope::Exact),
            Self::Subtree => ChannelName::new(text).map(Scope::Subtree),
            Self::Ancestors => ChannelName::new(text).map(Scope::Ancestors),
            Self::Pattern => ChannelPattern::new(text).map(Scope::Pattern),
        }
    }
}

/// An empty id is that of a client that has not seen any.
fn last_event_id(query: &Query, headers: &HeaderMap) -> Result<Option<Start>, Problem> {
    let refused = || Problem::invalid("the last event's id is not one that an event stream gave out");
    let in_header = match headers.get(&LAST_EVENT_ID) {
        Some(value) => Some(value.to_str().map_err(|_| refused())?),
        None => None,
    };
    let in_query = match query.one(LAST_EVENT_ID_KEYS[0])? {
        Some(id) => Some(id),
        None => query.one(LAST_EVENT_ID_KEYS[1])?,
    };
    let id = in_header.filter(|id| !id.is_empty()).or(in_query.filter(|id| !id.is_empty()));
    id.map(|id| id.parse().map_err(|_| refused())).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventweir::{Epoch, Position, Sequence};
    use http::HeaderValue;

    fn page(path: &str, raw: &str) -> Result<Selection, String> {
        let query = Query::parse(Some(raw)).map_err(|problem| problem.to_string())?;
        Selection::of_page(path, &query, &["limit"]).map_err(|problem| {
            assert!(problem.status().is_client_error(), "{problem:?}");
            problem.to_string()
        })
    }

    fn scopes(path: &str, raw: &str) -> Vec<String> {
        page(path, raw).unwrap().selector.scopes().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_path_is_decoded_once_and_strictly() {
        assert_eq!(scopes("/orders/eu", ""), ["/orders/eu"]);
        assert_eq!(scopes("/orders%2Feu/%C3%A4", ""), ["/orders/eu/ä"]);
        assert_eq!(scopes("//a", ""), ["//a"]);
        for bad in ["/", "a", "/a%00", "/a%ff", "/%2e%2e/a", "/a%20b", "/a%252f", "/a%zz", "/a/*", "/a%3Fb"] {
            assert!(page(bad, "").is_err(), "{bad}");
        }
    }

    #[test]
    fn match_says_what_the_channels_mean() {
        assert_eq!(scopes("/a", "match=subtree&channel=/b"), ["subtree:/a", "subtree:/b"]);
        assert_eq!(scopes("/a/b", "match=ancestors&limit=3"), ["ancestors:/a/b"]);
        assert_eq!(scopes("/a/*/**", "match=pattern"), ["/a/*/**"]);
        assert_eq!(
            scopes("/a", "channel=/b&channel=subtree:/c&channel=ancestors%3A/d&channel=/e/*"),
            ["/a", "/b", "subtree:/c", "ancestors:/d", "/e/*"]
        );
        assert!(page("/a", "match=all").unwrap_err().contains("exact, subtree, ancestors, pattern"));
        assert!(page("/a", "channel=b").is_err());
    }

    #[test]
    fn without_a_channel_in_the_path_the_query_says_all() {
        assert_eq!(page("", "").unwrap().selector, Selector::all());
        assert_eq!(
            scopes("", "channel=/a&channel=subtree:/b&channel=/c/*&limit=3"),
            ["/a", "subtree:/b", "/c/*"]
        );
        assert!(page("", "match=subtree").unwrap_err().contains("channel in the path"));
        assert!(page("", "channel=a").is_err());
        assert!(page("", "lmit=3").unwrap_err().contains("lmit"));
        assert_eq!(page("", "after=latest").unwrap().start, Start::Latest);
    }

    #[test]
    fn a_source_can_be_left_out() {
        for path in ["", "/a"] {
            let selection = page(path, "except=mine").unwrap();
            assert_eq!(selection.selector.excepted().unwrap().as_str(), "mine");
        }
    }

    #[test]
    fn too_many_channels_are_refused() {
        let raw = |count: usize| (1..count).map(|n| format!("channel=/{n}")).collect::<Vec<_>>().join("&");
        assert_eq!(page("/a", &raw(256)).unwrap().selector.scopes().len(), 256);
        assert_eq!(page("", &raw(257)).unwrap().selector.scopes().len(), 256);
        assert!(page("", &raw(258)).unwrap_err().contains("256"));
        assert!(page("/a", &raw(257)).unwrap_err().contains("256"));
        assert!(page("/a", &raw(900)).unwrap_err().contains("256"));
    }

    #[test]
    fn unknown_and_repeated_keys_are_refused_by_name() {
        assert_eq!(page("/a", "lmit=3").unwrap_err(), "there is no query key \"lmit\" here");
        assert!(page("/a", "lastEventId=1").unwrap_err().contains("lastEventId"));
        for key in ["after", "match", "except"] {
            let twice = format!("{key}=exact&{key}=exact");
            assert_eq!(
                page("/a", &twice).unwrap_err(),
                format!("the query key {key} stands there more than once")
            );
        }
    }

    #[test]
    fn a_page_starts_at_the_beginning_and_a_stream_now() {
        let stream = |raw: &str, header: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.extend(header.map(|id| (LAST_EVENT_ID, HeaderValue::from_static(id))));
            Selection::of_stream("/a", &Query::parse(Some(raw)).unwrap(), &headers, &[]).map(|s| s.start)
        };
        let after = |n| Start::After(Sequence::new(n).unwrap());
        let at = Start::At(Position::new(Epoch::new(0xab).unwrap(), Sequence::new(7).unwrap()));
        assert_eq!(page("/a", "").unwrap().start, Start::Earliest);
        assert_eq!(page("/a", "after=7").unwrap().start, after(7));
        assert_eq!(stream("", None).unwrap(), Start::Latest);
        assert_eq!(stream("after=earliest", None).unwrap(), Start::Earliest);
        assert_eq!(stream("after=earliest&lastEventId=3", None).unwrap(), after(3));
        assert_eq!(stream("last-event-id=3", None).unwrap(), after(3));
        assert_eq!(stream("lastEventId=3", Some("00000000000000ab:7")).unwrap(), at);
        assert_eq!(stream("after=5&lastEventId=", Some("")).unwrap(), after(5));
        assert!(stream("", Some("what?")).is_err());
        assert!(stream("lastEventId=what", None).is_err());
    }
}
