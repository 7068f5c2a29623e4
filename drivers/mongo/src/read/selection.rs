//! Which documents hold the events that a selector means.

use crate::core::Core;
use crate::layout::{below_tag, channel_tag};
use crate::store::of;
use eventweir::{Epoch, Result, Scope, Selector, Sequence};
use mongodb::bson::{Bson, Document, doc};

/// More tags than this are not merged by the index: the log is walked through.
const MOST_TAGS: usize = 64;

/// What a selector means, in the terms of the log's documents.
pub(super) struct Selection {
    /// Tags of which a document with selected events has at least one; `None` when there are too many, or none is known.
    tags: Option<Vec<String>>,
    /// What an event must be, in the server's words. It lets more through than the selector, never less.
    filter: Option<Bson>,
}

impl Selection {
    pub(super) fn of(selector: &Selector) -> Self {
        if selector.is_all() {
            return Self { tags: None, filter: None };
        }
        let tags = tags(selector).filter(|tags| tags.len() <= MOST_TAGS);
        Self { tags, filter: filter(selector) }
    }

    /// Returns whether the documents are found by an index on channels, so that some are left out.
    pub(super) fn is_sparse(&self) -> bool {
        self.tags.is_some()
    }

    /// Finds the documents that end after `after` and at `end` at the latest.
    pub(super) fn pipeline(
        &self,
        epoch: Epoch,
        after: Sequence,
        end: Sequence,
        direction: i32,
        most: u64,
        filters: bool,
    ) -> Vec<Document> {
        let range = doc! { "$gt": after.to_i64(), "$lte": end.to_i64() };
        let mut matched = doc! { "s": of(epoch) };
        if let Some(tags) = &self.tags {
            let wanted: Bson = match &tags[..] {
                [one] => one.as_str().into(),
                several => doc! { "$in": several }.into(),
            };
            matched.insert("ch", wanted);
        }
        matched.insert("last", range);
        vec![
            doc! { "$match": matched },
            doc! { "$sort": { "last": direction } },
            doc! { "$limit": most as i64 },
            self.project(filters),
        ]
    }

    /// Leaves out what a reader does not need.
    pub(super) fn project(&self, filters: bool) -> Document {
        let events: Bson = match &self.filter {
            Some(filter) if filters => {
                doc! { "$filter": { "input": "$ev", "as": "e", "cond": filter } }.into()
            }
            _ => 1.into(),
        };
        doc! { "$project": { "n": 1, "head": 1, "te": 1, "tb": 1, "first": 1, "last": 1, "ev": events } }
    }
}

/// Returns tags of which each document with events that a selector means has one; `None` when no such tags are known.
pub(crate) fn tags(selector: &Selector) -> Option<Vec<String>> {
    if selector.is_all() {
        return None;
    }
    let mut tags = Vec::new();
    for scope in selector.scopes() {
        match scope {
            Scope::Exact(name) => tags.push(channel_tag(name.as_str())),
            Scope::Subtree(name) => tags.extend([channel_tag(name.as_str()), below_tag(name.as_str())]),
            Scope::Ancestors(name) => {
                tags.push(channel_tag(name.as_str()));
                tags.extend(name.ancestors().map(|above| channel_tag(above.as_str())));
            }
            Scope::Pattern(pattern) => match pattern.literal_prefix() {
                "" => return None,
                prefix if prefix == pattern.as_str() => tags.push(channel_tag(prefix)),
                prefix => tags.push(below_tag(prefix)),
            },
        }
    }
    if tags.iter().any(|tag| tag.len() == 1) {
        return None;
    }
    tags.sort_unstable();
    tags.dedup();
    Some(tags)
}

fn filter(selector: &Selector) -> Option<Bson> {
    let mut names = Vec::new();
    let mut any: Vec<Bson> = Vec::new();
    let mut begins = |prefix: &str| {
        let prefix = doc! { "$literal": format!("{prefix}/") };
        any.push(doc! { "$eq": [{ "$indexOfBytes": ["$$e.c", prefix] }, 0] }.into());
    };
    for scope in selector.scopes() {
        match scope {
            Scope::Exact(name) => names.push(name.as_str().to_owned()),
            Scope::Subtree(name) => {
                names.push(name.as_str().to_owned());
                begins(name.as_str());
            }
            Scope::Ancestors(name) => {
                names.push(name.as_str().to_owned());
                names.extend(name.ancestors().map(|above| above.as_str().to_owned()));
            }
            Scope::Pattern(pattern) if pattern.literal_prefix() == pattern.as_str() => {
                names.push(pattern.as_str().to_owned());
            }
            Scope::Pattern(pattern) => begins(pattern.literal_prefix()),
        }
    }
    if !names.is_empty() {
        any.push(doc! { "$in": ["$$e.c", { "$literal": names }] }.into());
    }
    Some(doc! { "$or": any }.into())
}

/// Finds the last sequence of the document that holds a sequence and ends at `end` at the latest.
pub(super) async fn end_of(
    core: &Core,
    epoch: Epoch,
    sequence: Sequence,
    end: Sequence,
) -> Result<Option<Sequence>> {
    let range = doc! { "$gte": sequence.to_i64(), "$lte": end.to_i64() };
    let pipeline = vec![
        doc! { "$match": { "s": of(epoch), "last": range } },
        doc! { "$sort": { "last": 1 } },
        doc! { "$limit": 1 },
        doc! { "$project": { "first": 1, "last": 1 } },
    ];
    let found = core.store.search(pipeline).await?;
    let span = found.first().map(|found| crate::document::span(found)).transpose()?.flatten();
    Ok(span.filter(|(first, _)| *first <= sequence).map(|(_, last)| last))
}
