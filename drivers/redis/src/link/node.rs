//! The servers that are talked to.

use super::address::Address;
use super::lane::Lane;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// One server, and the connections to it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) address: Address,
    calls: Lane,
    /// Commits have a connection of their own: waiting for replicas holds back all that comes after it.
    commits: Lane,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Calls,
    Commits,
}

impl Node {
    pub(super) fn lane(&self, purpose: Purpose) -> &Lane {
        match purpose {
            Purpose::Calls => &self.calls,
            Purpose::Commits => &self.commits,
        }
    }

    fn clear(&self) {
        self.calls.clear();
        self.commits.clear();
    }
}

/// All servers that were asked so far and are still meant.
#[derive(Debug, Default)]
pub(super) struct Nodes(Mutex<HashMap<Address, Arc<Node>>>);

impl Nodes {
    pub(super) fn get(&self, address: &Address) -> Arc<Node> {
        let mut nodes = self.0.lock();
        if let Some(node) = nodes.get(address) {
            return node.clone();
        }
        let node =
            Arc::new(Node { address: address.clone(), calls: Lane::default(), commits: Lane::default() });
        nodes.insert(address.clone(), node.clone());
        node
    }

    /// Forgets servers that are not meant any more. Calls in flight are still answered.
    pub(super) fn keep(&self, meant: impl Fn(&Address) -> bool) {
        self.0.lock().retain(|address, _| meant(address));
    }

    /// Gives all connections up.
    pub(super) fn clear(&self) {
        for node in self.0.lock().values() {
            node.clear();
        }
    }
}
