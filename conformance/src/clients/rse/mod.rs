//! RSE: polling a channel with the greatest id that is known.

mod agent;
mod answer;
mod cursor;
mod follower;
mod poller;
mod publish;

use super::call::Call;
use super::encode::{self, Query};
use super::native_polling;
use crate::delivery::{Abilities, Client, Protocol};
use eventweir::{Error, Result, Scope, Selector};
use follower::Follower;
use http::HeaderName;
use poller::{Manner, Poller};
use std::time::Duration;

const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const EPOCH: HeaderName = HeaderName::from_static("x-rse-epoch");
const MOUNT: &str = "/rse";

/// RSE with all that this broker added to it: gaps and resets are told, publishing can be repeated, events name their channel.
pub fn rse() -> Protocol {
    polling("rse", NOW, Manner { first_version: false, wait: Duration::ZERO, limit: 7 })
}

/// The same, with polls that wait for the next event.
pub fn rse_long_poll() -> Protocol {
    polling("rse long-poll", NOW, Manner { first_version: false, wait: Duration::from_secs(2), limit: 200 })
}

/// The same, followed as an event stream.
pub fn rse_stream() -> Protocol {
    let stream = Protocol::new("rse stream", NOW, |address| async move {
        Ok(Box::new(Follower::new(address)) as Box<dyn Client>)
    });
    stream.with_witness(native_polling())
}

/// RSE as clients of its first server speak it: they know none of the headers that came later, and must miss nothing all the
/// same.
pub fn rse_of_2012() -> Protocol {
    let manner = Manner { first_version: true, wait: Duration::ZERO, limit: 7 };
    polling("rse of 2012", FIRST, manner)
}

/// `events=all` is the channel and what is below it, `events=parent` the channel and what is above it.
const NOW: Abilities = Abilities {
    batches: false,
    ids: true,
    gaps: true,
    resets: true,
    latest: false,
    except: true,
    subtree: true,
    ancestors: true,
    patterns: false,
    several: false,
};
const FIRST: Abilities = Abilities { ids: false, gaps: false, resets: false, ..NOW };

fn polling(name: &str, abilities: Abilities, manner: Manner) -> Protocol {
    let polling = Protocol::new(name, abilities, move |address| async move {
        Ok(Box::new(Poller::new(address, manner)) as Box<dyn Client>)
    });
    // A poll without a cursor is answered from memory where it can be, and one of several brokers remembers for a moment what
    // another has trimmed. The log is what the store has.
    polling.with_witness(native_polling())
}

/// Returns the channel of a selection, and the word for what is meant by it.
fn selected(selector: &Selector) -> Result<(&str, &'static str)> {
    match selector.scopes() {
        [Scope::Exact(channel)] => Ok((channel.as_str(), "exact")),
        [Scope::Subtree(channel)] => Ok((channel.as_str(), "all")),
        [Scope::Ancestors(channel)] => Ok((channel.as_str(), "parent")),
        _ => Err(Error::invalid("RSE selects one channel, with what is above or below it")),
    }
}

/// Writes where a selection is read. What is left out is what the reader itself published, by the id in its agent text.
fn target(query: Query, selector: &Selector) -> Result<String> {
    let (channel, events) = selected(selector)?;
    let query = query.with("events", events);
    let query = if selector.excepted().is_none() { query.with("echo", true) } else { query };
    Ok(query.behind(&format!("{MOUNT}{}", encode::path(channel))))
}

fn with_token(call: Call, token: Option<&str>) -> Result<Call> {
    match token {
        Some(token) => call.with(TOKEN, token),
        None => Ok(call),
    }
}
