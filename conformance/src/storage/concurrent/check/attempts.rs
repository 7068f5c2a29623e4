//! Makes a history of the calls, for the checker that needs no model.

use super::Told;
use crate::history::{Attempt, History, Outcome, Reader, Removal, Removed, Saw, Sent, Sighting};
use crate::storage::concurrent::call::{Call, Came, Made};
use crate::storage::concurrent::client::own_selection;
use eventweir::{Commit, Event, Page};

pub(super) fn history(told: &Told<'_>) -> History {
    let mut history = History::default();
    history.attempts = told.calls.iter().filter_map(attempt).collect();
    history.removals = told.calls.iter().filter_map(removal).collect();
    history.readers = (0..told.followers).map(|number| reader(told.calls, number)).collect();
    history.log = told.log.iter().map(|event| sighting(event, u64::MAX)).collect();
    history
}

fn attempt(call: &Call) -> Option<Attempt> {
    let Made::Commit(commit, came) = &call.made else { return None };
    let outcome = match came {
        Came::Receipt(receipt) => {
            Outcome::Acknowledged(receipt.events.iter().map(|placed| Some(placed.sequence)).collect())
        }
        Came::Refused(_) => Outcome::Refused,
        Came::Unknown => Outcome::Unknown,
    };
    let client =
        call.client.map_or_else(|| "the suite".to_owned(), |number| format!("client {}", number + 1));
    let (invoked, returned) = (call.invoked, call.returned);
    Some(Attempt { client, events: sent(commit), invoked, returned, outcome })
}

fn sent(commit: &Commit) -> Vec<Sent> {
    let sent = commit.append.iter().map(|new| Sent {
        key: String::from_utf8_lossy(&new.data).into_owned(),
        channel: new.channel.clone(),
        source: new.source.clone(),
    });
    sent.collect()
}

fn removal(call: &Call) -> Option<Removal> {
    let what = match &call.made {
        Made::Trim { .. } => Removed::Oldest,
        Made::Delete { channel, .. } => Removed::Channel(channel.clone()),
        _ => return None,
    };
    Some(Removal { invoked: call.invoked, returned: call.returned, what })
}

fn reader(calls: &[Call], number: usize) -> Reader {
    let own = calls.iter().filter(|call| call.client == Some(number));
    let saw = own.filter_map(|call| match &call.made {
        Made::Read(looked) if looked.followed => Some(saw(&looked.page, call.returned)),
        _ => None,
    });
    Reader {
        name: format!("the reader of client {}", number + 1),
        selector: own_selection(number),
        asked: 0,
        latest_since: None,
        stopped: false,
        saw: saw.flatten().collect(),
    }
}

fn saw(page: &Page, at: u64) -> Vec<Saw> {
    let gap = page.gap.map(|gap| Saw::Gap(Some(gap.resume_at)));
    let reset = page.reset.map(|_| Saw::Reset);
    let events = page.events.iter().map(|event| Saw::Event(sighting(event, at)));
    reset.into_iter().chain(gap).chain(events).collect()
}

fn sighting(event: &Event, at: u64) -> Sighting {
    Sighting {
        key: String::from_utf8_lossy(&event.data).into_owned(),
        sequence: Some(event.sequence),
        channel: Some(event.channel.clone()),
        at,
    }
}
