//! What a group has to know of the log before it is decided.

use crate::core::Core;
use crate::document::{commit_id_key, corrupt, documents, event_id_key, event_id_of, integer, span, text};
use crate::layout::{REMOVED, channel_tag, cursor_tag, record_tag, state_key};
use crate::state;
use crate::store::of;
use eventweir::{
    Appended, ChannelName, Commit, CommitId, CursorName, Epoch, EventId, Expect, Receipt, RecordKey, Result,
    Sequence,
};
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use mongodb::bson::raw::RawBsonRef;
use mongodb::bson::{Bson, RawDocument, doc};
use std::collections::{HashMap, HashSet};

/// So many questions are under way at the same time.
const AT_ONCE: usize = 16;

/// Holds what was found in the log as it was at some moment at or after the end that the group builds on. If the log has grown
/// since that end, the group's insert is refused, so that nothing is decided by the difference.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    /// The ids that were asked for.
    asked_events: HashSet<EventId>,
    asked_commits: HashSet<CommitId>,
    /// Those of them that are known.
    pub(super) events: HashMap<EventId, Sequence>,
    pub(super) commits: HashMap<CommitId, Receipt>,
    pub(super) cursors: HashMap<CursorName, Option<Sequence>>,
    pub(super) records: HashMap<RecordKey, Option<u64>>,
    pub(super) channels: HashMap<ChannelName, Sequence>,
}

impl Lookups {
    /// Returns whether all of a commit's ids were asked for.
    pub(super) fn knows_ids_of(&self, commit: &Commit) -> bool {
        commit.id.as_ref().is_none_or(|id| self.asked_commits.contains(id))
            && commit.append.iter().all(|event| self.asked_events.contains(&event.id))
    }

    /// Returns whether everything but ids is known that a commit depends on.
    pub(super) fn knows_state_of(&self, commit: &Commit) -> bool {
        let channel = match &commit.expect {
            Expect::ChannelHead(channel, _) => self.channels.contains_key(channel),
            Expect::Any | Expect::Head(_) => true,
        };
        channel
            && commit.cursors.iter().all(|change| self.cursors.contains_key(&change.name))
            && commit.records.iter().all(|change| self.records.contains_key(&change.key))
    }

    /// Looks up everything but ids that some commits depend on.
    pub(super) async fn look_at_state(
        &mut self,
        core: &Core,
        epoch: Epoch,
        commits: &[&Commit],
    ) -> Result<()> {
        let mut questions = HashSet::new();
        for commit in commits {
            questions.extend(commit.cursors.iter().map(|change| Question::Cursor(change.name.clone())));
            questions.extend(commit.records.iter().map(|change| Question::Record(change.key.clone())));
            if let Expect::ChannelHead(channel, _) = &commit.expect {
                questions.insert(Question::Channel(channel.clone()));
            }
        }
        let answers = iter(questions).map(|question| ask(core, epoch, question)).buffer_unordered(AT_ONCE);
        for answer in answers.try_collect::<Vec<_>>().await? {
            match answer {
                Answer::Cursor(name, at) => drop(self.cursors.insert(name, at)),
                Answer::Record(key, version) => drop(self.records.insert(key, version)),
                Answer::Channel(channel, head) => drop(self.channels.insert(channel, head)),
            }
        }
        Ok(())
    }

    /// Looks up the ids of some commits.
    pub(super) async fn look_at_ids(&mut self, core: &Core, epoch: Epoch, commits: &[&Commit]) -> Result<()> {
        let mut wanted: Vec<Bson> = Vec::new();
        for commit in commits {
            for event in &commit.append {
                if self.asked_events.insert(event.id.clone()) {
                    wanted.push(event_id_key(&event.id));
                }
            }
            if let Some(id) = &commit.id
                && self.asked_commits.insert(id.clone())
            {
                wanted.push(commit_id_key(id.as_str()).into());
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let query = doc! { "s": of(epoch), "ids": { "$in": wanted } };
        let fields = doc! { "ids": 1, "first": 1, "last": 1, "rc": 1 };
        let find = core.store.log.find(query).projection(fields);
        let mut found = core.store.read(find).await?;
        while core.store.read(found.advance()).await? {
            self.take_ids(epoch, found.current())?;
        }
        Ok(())
    }

    /// Notes the ids of a document that were asked for. An event's id stands where its event stands among the document's.
    fn take_ids(&mut self, epoch: Epoch, document: &RawDocument) -> Result<()> {
        if let Some((first, last)) = span(document)? {
            let count = last.get() - first.get() + 1;
            let ids =
                document.get_array("ids").map_err(|_| corrupt("a document of the log lacks its ids"))?;
            for (at, id) in (0..count).zip(ids) {
                let id = id.ok().and_then(event_id_of);
                let id = id.ok_or_else(|| corrupt("a document of the log holds an id that is none"))?;
                if self.asked_events.contains(&id) {
                    self.events.insert(id, first.plus(at));
                }
            }
        }
        for receipt in documents(document, "rc") {
            let receipt = receipt?;
            let id = CommitId::new(text(receipt, "i")?)
                .map_err(|_| corrupt("a document of the log holds a commit id that is none"))?;
            if self.asked_commits.contains(&id) {
                self.commits.insert(id, read_receipt(epoch, receipt)?);
            }
        }
        Ok(())
    }
}

fn read_receipt(epoch: Epoch, document: &RawDocument) -> Result<Receipt> {
    let places = document.get_array("e").map_err(|_| corrupt("a receipt in the log lacks its sequences"))?;
    let events = places.into_iter().map(|place| match place {
        Ok(RawBsonRef::Int64(place)) => {
            Ok(Appended { sequence: Sequence::from_i64(place.saturating_abs()), duplicate: place < 0 })
        }
        _ => Err(corrupt("a receipt in the log has a sequence that is none")),
    });
    let head = Sequence::from_i64(integer(document, "head")?);
    Ok(Receipt { epoch, head, events: events.collect::<Result<_>>()?, repeated: true })
}

#[derive(PartialEq, Eq, Hash)]
enum Question {
    Cursor(CursorName),
    Record(RecordKey),
    Channel(ChannelName),
}

enum Answer {
    Cursor(CursorName, Option<Sequence>),
    Record(RecordKey, Option<u64>),
    Channel(ChannelName, Sequence),
}

async fn ask(core: &Core, epoch: Epoch, question: Question) -> Result<Answer> {
    match question {
        Question::Cursor(name) => {
            let found = state::find(core, epoch, &cursor_tag(name.as_str())).await?;
            let at = found.map(|found| state::cursor(&name, &found)).transpose()?.flatten();
            Ok(Answer::Cursor(name, at.map(|cursor| cursor.sequence)))
        }
        Question::Record(key) => {
            let found = state::find(core, epoch, &record_tag(key.as_str())).await?;
            let version = found.map(|found| state::record_version(&found)).transpose()?.flatten();
            Ok(Answer::Record(key, version))
        }
        Question::Channel(channel) => {
            let head = channel_head(core, epoch, &channel).await?;
            Ok(Answer::Channel(channel, head))
        }
    }
}

/// Returns the last sequence ever given to a channel's event, as far as it is remembered.
async fn channel_head(core: &Core, epoch: Epoch, channel: &ChannelName) -> Result<Sequence> {
    let same = doc! { "$eq": ["$$e.c", { "$literal": channel.as_str() }] };
    // First the log: what leaves it is in the other collection before.
    let pipeline = vec![
        doc! { "$match": { "s": of(epoch), "ch": channel_tag(channel.as_str()), "last": { "$gte": 1_i64 } } },
        doc! { "$sort": { "last": -1 } },
        doc! { "$limit": 1 },
        doc! { "$project": { "ev": { "$filter": { "input": "$ev", "as": "e", "cond": same } } } },
        doc! { "$project": { "ev.q": 1 } },
        doc! { "$unionWith": { "coll": REMOVED, "pipeline": [
            { "$match": { "_id": state_key(epoch, channel.as_str()) } },
            { "$project": { "to": 1 } },
        ] } },
    ];
    let mut last = Sequence::ZERO;
    for found in core.store.search(pipeline).await? {
        for event in documents(&found, "ev") {
            last = last.max(Sequence::from_i64(integer(event?, "q")?));
        }
        if let Ok(Some(RawBsonRef::Int64(removed))) = found.get("to") {
            last = last.max(Sequence::from_i64(removed));
        }
    }
    Ok(last)
}
