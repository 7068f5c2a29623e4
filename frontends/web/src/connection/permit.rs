//! How many connections there may be, in all and of one address.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hands out places for connections.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    each: Option<Arc<EachAddress>>,
}

/// Holds a place until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _all: OwnedSemaphorePermit,
    _each: Option<AddressPermit>,
}

#[derive(Debug)]
struct EachAddress {
    limit: usize,
    /// Has an entry for each address that has a connection, and no other.
    taken: Mutex<HashMap<IpAddr, usize>>,
}

#[derive(Debug)]
struct AddressPermit {
    address: IpAddr,
    each: Arc<EachAddress>,
}

impl Places {
    pub(crate) fn new(limit: usize, limit_each: Option<usize>) -> Self {
        let each = limit_each.map(|limit| Arc::new(EachAddress { limit, taken: Mutex::default() }));
        Self { all: Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))), each }
    }

    /// Takes a place, if there is one.
    pub(crate) fn take(&self, address: IpAddr) -> Option<Permit> {
        let all = self.all.clone().try_acquire_owned().ok()?;
        let each = match &self.each {
            Some(each) => Some(each.take(address)?),
            None => None,
        };
        Some(Permit { _all: all, _each: each })
    }
}

impl EachAddress {
    fn take(self: &Arc<Self>, address: IpAddr) -> Option<AddressPermit> {
        let address = client_of(address);
        let mut taken = self.taken.lock();
        let count = taken.entry(address).or_default();
        if *count >= self.limit {
            if *count == 0 {
                taken.remove(&address);
            }
            return None;
        }
        *count += 1;
        Some(AddressPermit { address, each: self.clone() })
    }
}

impl Drop for AddressPermit {
    fn drop(&mut self) {
        let mut taken = self.each.taken.lock();
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

/// Returns what counts as one client: an IPv4 address, or the /64 network of an IPv6 one, for every host has a whole one.
fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn places_are_counted_in_all_and_of_each_address() {
        let places = Places::new(3, Some(2));
        let first = places.take(ip("10.0.0.1")).unwrap();
        let _second = places.take(ip("::ffff:10.0.0.1")).unwrap();
        assert!(places.take(ip("10.0.0.1")).is_none(), "two of one address");
        let third = places.take(ip("10.0.0.2")).unwrap();
        assert!(places.take(ip("10.0.0.3")).is_none(), "three in all");
        drop(first);
        let _fourth = places.take(ip("10.0.0.1")).unwrap();
        drop(third);
        assert_eq!(
            places.each.as_ref().unwrap().taken.lock().len(),
            1,
            "addresses without connections are forgotten"
        );
    }

    #[test]
    fn a_network_of_version_six_is_one_client() {
        let places = Places::new(9, Some(1));
        let _held = places.take(ip("2001:db8:1:2::1")).unwrap();
        assert!(places.take(ip("2001:db8:1:2:ffff::2")).is_none());
        assert!(places.take(ip("2001:db8:1:3::1")).is_some());
    }
}
