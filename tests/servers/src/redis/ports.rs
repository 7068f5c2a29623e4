//! Free ports of the loopback.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below what systems give to outgoing connections, so that a server finds its port free again when it restarts.
const FIRST: u16 = 12_000;
const COUNT: u16 = 19_000;

/// Finds a port that nobody listens on. Another process may take it all the same: whoever starts a server tries again.
pub(super) fn free() -> io::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Each process begins elsewhere, and goes on from there.
    let random = RandomState::new().hash_one(std::process::id());
    let _ =
        NEXT.compare_exchange(0, (random % u64::from(COUNT)) as u16, Ordering::Relaxed, Ordering::Relaxed);
    for _ in 0..COUNT {
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no port of the loopback is free"))
}
