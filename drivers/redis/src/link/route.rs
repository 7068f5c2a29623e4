//! Which server is asked.

use super::address::Address;
use super::cluster::Cluster;
use super::config::Deployment;
use super::node::Nodes;
use super::sentinel::Sentinels;
use super::wire::Connector;
use eventweir::Result;

#[derive(Debug)]
pub(super) enum Route {
    Alone(Address),
    Sentinel(Sentinels),
    Cluster(Cluster),
}

impl Route {
    pub(super) fn new(deployment: &Deployment) -> Self {
        match deployment.clone() {
            Deployment::Alone(address) => Self::Alone(address),
            Deployment::Sentinel { sentinels, name } => Self::Sentinel(Sentinels::new(sentinels, name)),
            Deployment::Cluster(seeds) => Self::Cluster(Cluster::new(seeds)),
        }
    }

    /// Returns the server for a slot. The caller bounds the time.
    pub(super) async fn address(&self, slot: u16, connector: &Connector, nodes: &Nodes) -> Result<Address> {
        match self {
            Self::Alone(address) => Ok(address.clone()),
            Self::Sentinel(sentinels) => sentinels.master(connector).await,
            Self::Cluster(cluster) => cluster.node(slot, connector, nodes).await,
        }
    }

    /// Returns the server for a slot as far as it is known, for what is only a hint.
    pub(super) fn known(&self, slot: u16) -> Option<Address> {
        match self {
            Self::Alone(address) => Some(address.clone()),
            Self::Sentinel(sentinels) => sentinels.known(),
            Self::Cluster(cluster) => cluster.known(slot),
        }
    }

    /// Returns every server that takes commits now.
    pub(super) async fn masters(&self, connector: &Connector, nodes: &Nodes) -> Result<Vec<Address>> {
        match self {
            Self::Alone(address) => Ok(vec![address.clone()]),
            Self::Sentinel(sentinels) => Ok(vec![sentinels.master(connector).await?]),
            Self::Cluster(cluster) => {
                cluster.ask(connector, nodes).await?;
                Ok(cluster.masters())
            }
        }
    }

    /// A server did not behave as the one to ask: look again before the next call.
    pub(super) fn suspect(&self, address: &Address) {
        match self {
            Self::Alone(_) => {}
            Self::Sentinel(sentinels) => sentinels.suspect(address),
            Self::Cluster(cluster) => cluster.suspect(),
        }
    }

    /// A node said who serves a slot.
    pub(super) fn moved(&self, slot: u16, to: &Address) {
        if let Self::Cluster(cluster) = self {
            cluster.moved(slot, to);
        }
    }
}
