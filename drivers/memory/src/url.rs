//! A store as a URL says.

use crate::MemoryStorage;
use crate::room::Room;
use eventweir::{Error, ErrorKind, Result, SystemClock, duration};
use std::sync::Arc;
use std::time::Duration;

impl MemoryStorage {
    /// Makes the store that a URL asks for: `memory:`, with `?max_bytes=N` and `dedup_window=SECONDS` after it.
    ///
    /// `max_bytes` is what [`with_max_bytes`](Self::with_max_bytes) takes. `dedup_window` says how long ids are recognised after
    /// their event is gone, one hour unless set: a number with `ms`, `s`, `m`, `h` or `d` behind it, seconds without.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when it is anything else; unknown keys too.
    pub fn from_url(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("memory:").ok_or_else(|| refused("it begins with memory:".to_owned()))?;
        let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !name.is_empty() {
            return Err(refused("memory: has nothing to name".to_owned()));
        }
        let mut wanted = Wanted { most: Room::endless(), window: Duration::from_secs(3600) };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            wanted.set(key, value)?;
        }
        Ok(Self::made(Arc::new(SystemClock), wanted.window, wanted.most))
    }
}

struct Wanted {
    most: Room,
    window: Duration,
}

impl Wanted {
    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "max_bytes" => {
                let most = value.parse().ok().filter(|bytes| *bytes > 0).map(Room::of);
                self.most = most.ok_or_else(|| {
                    refused(format!("max_bytes is a number of bytes from 1, not {value:?}"))
                })?;
            }
            "dedup_window" => {
                self.window = duration::parse(value).ok_or_else(|| {
                    refused(format!("dedup_window is a duration such as 90s or 1h, not {value:?}"))
                })?;
            }
            _ => return Err(refused(format!("{key:?} is not known; known are max_bytes, dedup_window"))),
        }
        Ok(())
    }
}

fn refused(why: String) -> Error {
    Error::new(ErrorKind::Config, format!("the storage URL is refused: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_taken_or_refused() {
        let windowed = MemoryStorage::from_url("memory:?max_bytes=1000&dedup_window=90s").unwrap();
        assert_eq!((windowed.0.room.left(), windowed.0.dedup_window), (1000, Duration::from_secs(90)));
        assert_eq!(MemoryStorage::from_url("memory:").unwrap().0.room.left(), u64::MAX);
        for bad in [
            "sqlite:a",
            "memory",
            "memory:a",
            "memory://",
            "memory:?max_bytes",
            "memory:?max_bytes=0",
            "memory:?max_bytes=1G",
            "memory:?dedup_window=soon",
            "memory:?readers=4",
        ] {
            assert_eq!(MemoryStorage::from_url(bad).unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
    }
}
