//! The native API: publishing, and reading page by page.

mod page;
mod publish;

use super::call::Call;
use super::connection::Connection;
use super::encode::{self, Query};
use super::failure;
use crate::delivery::{Abilities, Address, Client, From, Place, Protocol, Published, Told};
use eventweir::{NewEvent, Result, Scope, Selector, async_trait};
pub(super) use page::WireGap;
use page::WirePage;
pub(super) use publish::publish;
use std::time::Duration;

/// The native API read by polling: `GET /v1/events?channel=…&after=…`, in small pages.
pub fn native_polling() -> Protocol {
    Protocol::new("native polling", Abilities::ALL, |address| async move {
        Ok(Box::new(Reader::new(address, Manner::Polling)) as Box<dyn Client>)
    })
}

/// The native API read by long polls: `GET /v1/events/CHANNEL?match=…&after=…&wait=…`.
pub fn native_long_poll() -> Protocol {
    Protocol::new("native long-poll", Abilities::ALL, |address| async move {
        Ok(Box::new(Reader::new(address, Manner::LongPoll)) as Box<dyn Client>)
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Polling,
    LongPoll,
}

impl Manner {
    /// Small enough that what a page cuts off is read often.
    fn limit(self) -> usize {
        match self {
            Self::Polling => 7,
            Self::LongPoll => 100,
        }
    }

    fn wait(self) -> Duration {
        match self {
            Self::Polling => Duration::ZERO,
            Self::LongPoll => Duration::from_secs(2),
        }
    }
}

/// Publishes and reads with one connection.
#[derive(Debug)]
struct Reader {
    connection: Connection,
    manner: Manner,
    selector: Option<Selector>,
    place: Option<Place>,
}

impl Reader {
    fn new(address: Address, manner: Manner) -> Self {
        Self { connection: Connection::new(address), manner, selector: None, place: None }
    }

    /// Reads a page, and moves behind it.
    async fn page(&mut self, after: &str, limit: usize, wait: Duration) -> Result<Vec<Told>> {
        let Some(selector) = &self.selector else { return Ok(Vec::new()) };
        let query = Query::default().with("after", after).with("limit", limit);
        let query = if wait.is_zero() { query } else { query.with("wait", wait.as_secs()) };
        let target = match self.manner {
            Manner::Polling => all_in_query(query, selector),
            Manner::LongPoll => first_in_path(query, selector),
        };
        let answer = self.connection.call(&Call::get(target).with_wait(wait)).await?;
        if !answer.status.is_success() {
            return Err(failure::refused(&answer));
        }
        let page = WirePage::read(&answer.body)?;
        let told = page.told()?;
        self.place = Some(Place(page.position().to_owned()));
        Ok(told)
    }
}

#[async_trait]
impl Client for Reader {
    async fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>> {
        publish(&mut self.connection, events).await
    }

    async fn follow(&mut self, selector: &Selector, from: &From) -> Result<()> {
        self.selector = Some(selector.clone());
        match from {
            From::Earliest => self.place = None,
            From::At(place) => self.place = Some(place.clone()),
            // The position is fixed here: what is published from now on comes behind it.
            From::Latest => {
                self.page("latest", 1, Duration::ZERO).await?;
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Vec<Told>> {
        let after = self.place.as_ref().map_or("earliest".to_owned(), |place| place.0.clone());
        self.page(&after, self.manner.limit(), self.manner.wait()).await
    }

    fn place(&self) -> Option<Place> {
        self.place.clone()
    }
}

/// Asks for a selection by keys of the query alone.
pub(super) fn all_in_query(mut query: Query, selector: &Selector) -> String {
    for scope in selector.scopes() {
        query = query.with("channel", scope);
    }
    with_exception(query, selector).behind("/v1/events")
}

/// Asks for a selection by the path, and by the query what the path has no place for.
pub(super) fn first_in_path(mut query: Query, selector: &Selector) -> String {
    let mut scopes = selector.scopes().iter();
    let (path, how) = match scopes.next() {
        Some(Scope::Exact(channel)) => (channel.as_str(), "exact"),
        Some(Scope::Subtree(channel)) => (channel.as_str(), "subtree"),
        Some(Scope::Ancestors(channel)) => (channel.as_str(), "ancestors"),
        Some(Scope::Pattern(pattern)) => (pattern.as_str(), "pattern"),
        None => ("", "exact"),
    };
    // A path among the keys means what `match` says, so that exact ones can go with `exact` only.
    let is_exact = |scope: &Scope| matches!(scope, Scope::Exact(_));
    if how != "exact" && selector.scopes().iter().any(is_exact) {
        return all_in_query(query, selector);
    }
    query = query.with("match", how);
    for scope in scopes {
        query = query.with("channel", scope);
    }
    with_exception(query, selector).behind(&format!("/v1/events{}", encode::path(path)))
}

fn with_exception(query: Query, selector: &Selector) -> Query {
    match selector.excepted() {
        Some(source) => query.with("except", source),
        None => query,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails by a panic")]
mod tests {
    use super::*;

    fn selector(scopes: &[&str]) -> Selector {
        Selector::new(scopes.iter().map(|scope| Scope::parse(scope).unwrap())).unwrap()
    }

    #[test]
    fn selections_are_written_in_both_ways() {
        let both = |scopes: &[&str]| {
            let selector = selector(scopes);
            (all_in_query(Query::default(), &selector), first_in_path(Query::default(), &selector))
        };
        assert_eq!(both(&["/a"]), ("/v1/events?channel=/a".into(), "/v1/events/a?match=exact".into()));
        assert_eq!(
            both(&["subtree:/a", "/b"]),
            (
                "/v1/events?channel=/b&channel=subtree:/a".into(),
                "/v1/events/b?match=exact&channel=subtree:/a".into()
            )
        );
        assert_eq!(
            both(&["/a/*"]),
            ("/v1/events?channel=/a/%2A".into(), "/v1/events/a/%2A?match=pattern".into())
        );
    }
}
