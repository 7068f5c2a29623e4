//! What kind of deployment it is, as it says itself.

use eventweir::Durability;
use mongodb::bson::Document;

/// MongoDB 5.0. Older ones have no way to add a time to the server's own.
const LEAST_WIRE: i32 = 13;
pub(crate) const LEAST_VERSION: &str = "5.0";

/// Describes a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deployment {
    pub(crate) version: String,
    pub(crate) kind: Kind,
}

/// How its servers stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A set of servers of which one is the primary. `electable` of them have the data and a vote.
    ReplicaSet { name: String, electable: usize },
    /// Routers before several sets. How many members those have is not seen from here.
    Sharded,
    /// One server alone, without an oplog.
    Standalone,
}

impl Deployment {
    /// Reads what `hello` and `buildInfo` answered.
    pub(crate) fn read(hello: &Document, version: Option<String>) -> Self {
        let kind = if hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid") {
            Kind::Sharded
        } else if let Ok(name) = hello.get_str("setName") {
            // Members that can be elected have data and a vote. Others are in `passives` and `arbiters`, or hidden.
            let electable = hello.get_array("hosts").map_or(1, Vec::len);
            Kind::ReplicaSet { name: name.to_owned(), electable }
        } else {
            Kind::Standalone
        };
        Self { version: version.unwrap_or_else(|| "of an unknown version".to_owned()), kind }
    }

    /// What a commit survives that a majority has in its journal.
    pub(crate) fn durability(&self) -> Durability {
        match &self.kind {
            Kind::ReplicaSet { electable, .. } if *electable >= 2 => Durability::Replicated,
            _ => Durability::Disk,
        }
    }

    /// Whether there are change streams.
    pub(crate) fn has_change_streams(&self) -> bool {
        self.kind != Kind::Standalone
    }

    /// Says what it is, in one line, without a secret.
    pub(crate) fn sentence(&self, watches: bool) -> String {
        let kind = match &self.kind {
            Kind::ReplicaSet { name, electable: 1 } => format!("replica set {name} of one"),
            Kind::ReplicaSet { name, electable } => format!("replica set {name} of {electable}"),
            Kind::Sharded => "sharded cluster".to_owned(),
            Kind::Standalone => "standalone".to_owned(),
        };
        let wakes = if watches { "change stream" } else { "polling" };
        format!("MongoDB {}, {kind}; write concern majority, journaled; {wakes}", self.version)
    }

    /// Says what to change when more is required than this deployment gives.
    pub(crate) fn falls_short(&self, required: Durability) -> Option<String> {
        if required <= self.durability() {
            return None;
        }
        Some(match &self.kind {
            Kind::ReplicaSet { name, .. } => {
                format!("the replica set {name} has one electable member: add two more (rs.add)")
            }
            Kind::Sharded => {
                "a router does not say how many members its shards have: connect to a replica set".to_owned()
            }
            Kind::Standalone => {
                "the server stands alone: start it with --replSet, with three members".to_owned()
            }
        })
    }
}

/// Whether the server is new enough, by what it answered to `hello`.
pub(crate) fn is_new_enough(hello: &Document) -> bool {
    hello.get_i32("maxWireVersion").is_ok_and(|wire| wire >= LEAST_WIRE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::doc;

    #[test]
    fn only_a_set_with_a_second_copy_is_replicated() {
        let read = |hello: Document| Deployment::read(&hello, Some("8.0.4".to_owned()));
        let three = read(doc! { "setName": "rs0", "hosts": ["a", "b", "c"] });
        assert_eq!(
            (three.durability(), three.falls_short(Durability::Replicated)),
            (Durability::Replicated, None)
        );
        assert_eq!(
            three.sentence(true),
            "MongoDB 8.0.4, replica set rs0 of 3; write concern majority, journaled; change stream"
        );
        for lesser in [
            doc! { "setName": "rs0", "hosts": ["a"], "arbiters": ["b"], "passives": ["c"] },
            doc! { "msg": "isdbgrid" },
            doc! {},
        ] {
            let lesser = read(lesser);
            assert_eq!(lesser.durability(), Durability::Disk);
            assert_eq!(lesser.falls_short(Durability::Disk), None);
            assert!(lesser.falls_short(Durability::Replicated).is_some());
        }
        assert!(!read(doc! {}).has_change_streams() && read(doc! { "msg": "isdbgrid" }).has_change_streams());
    }
}
