//! How a store is opened.

use eventweir::{Clock, Error, ErrorKind, Result, Sequence, SystemClock};
use percent_encoding::percent_decode_str;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Says where the file is and how it is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SqliteConfig {
    /// The database file. `-wal`, `-shm` and `.lock` files stand beside it.
    pub path: PathBuf,
    /// Whether a commit is synced to the disk before it is acknowledged; [`Synchronous::Full`] unless set.
    pub synchronous: Synchronous,
    /// How long ids are recognised after their event is gone, and commit ids after their commit; one hour unless set.
    pub dedup_window: Duration,
    /// How many reads run at the same time; 4 unless set.
    pub readers: usize,
    /// The sequence of a new stream's first event; 1 unless set. For readers who kept the ids of another system.
    pub first_sequence: Sequence,
    /// How many bytes the database file may have; as many as the disk has unless set. Commits beyond are refused as
    /// [`StorageFull`](ErrorKind::StorageFull) until something is removed. The log beside it has up to 16 MiB more.
    pub max_bytes: Option<u64>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tail_events: usize,
}

/// Says when a commit counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Once it is synced to the disk: it survives loss of power.
    #[default]
    Full,
    /// Once the operating system has it: it survives the end of the process, not loss of power.
    Normal,
}

impl SqliteConfig {
    /// Uses the file at a path, which is created when it does not exist.
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            synchronous: Synchronous::Full,
            dedup_window: Duration::from_secs(3600),
            readers: 4,
            first_sequence: Sequence::ZERO.next(),
            max_bytes: None,
            clock: Arc::new(SystemClock),
            tail_events: 16_384,
        }
    }

    /// Reads `sqlite:PATH`, with `?synchronous=full|normal`, `dedup_window=SECONDS`, `readers=N`, `first_sequence=N` and
    /// `max_bytes=N` after it.
    ///
    /// `sqlite:events.db` and `sqlite:./events.db` are relative, `sqlite:/data/events.db` and `sqlite:///data/events.db`
    /// absolute. A path that holds `?`, `#` or `%` writes them percent-encoded. A duration is a number with `ms`, `s`,
    /// `m`, `h` or `d` behind it, seconds without.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when it is anything else; unknown keys too.
    pub fn from_url(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("sqlite:").ok_or_else(|| refused("it begins with sqlite:".to_owned()))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = decode(path.strip_prefix("//").unwrap_or(path))?;
        if path.is_empty() || path.contains('\0') {
            return Err(refused("it names a file, as in sqlite:events.db".to_owned()));
        }
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .try_fold(Self::at(path), |config, (key, value)| config.with_pair(&decode(key)?, &decode(value)?))
    }

    fn with_pair(self, key: &str, value: &str) -> Result<Self> {
        match (key, value) {
            ("synchronous", "full") => Ok(self.with_synchronous(Synchronous::Full)),
            ("synchronous", "normal") => Ok(self.with_synchronous(Synchronous::Normal)),
            ("synchronous", _) => Err(refused(format!("synchronous is full or normal, not {value:?}"))),
            ("dedup_window", _) => {
                eventweir::duration::parse(value).map(|window| self.with_dedup_window(window)).ok_or_else(
                    || refused(format!("dedup_window is a duration such as 90s or 1h, not {value:?}")),
                )
            }
            ("readers", _) => value
                .parse()
                .ok()
                .filter(|readers| (1..=256).contains(readers))
                .map(|readers| self.with_readers(readers))
                .ok_or_else(|| refused(format!("readers is a number from 1 to 256, not {value:?}"))),
            ("first_sequence", _) => value
                .parse()
                .ok()
                .filter(|first| *first > Sequence::ZERO)
                .map(|first| self.with_first_sequence(first))
                .ok_or_else(|| refused(format!("first_sequence is a number from 1, not {value:?}"))),
            ("max_bytes", _) => value
                .parse()
                .ok()
                .filter(|bytes| *bytes >= LEAST_BYTES)
                .map(|bytes| self.with_max_bytes(bytes))
                .ok_or_else(|| refused(format!("max_bytes is a number from {LEAST_BYTES}, not {value:?}"))),
            _ => Err(refused(format!(
                "{key:?} is not known; known are synchronous, dedup_window, readers, first_sequence, max_bytes"
            ))),
        }
    }

    /// Sets when a commit counts as written.
    pub fn with_synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Sets how long ids are recognised after their event is gone.
    pub fn with_dedup_window(mut self, window: Duration) -> Self {
        self.dedup_window = window;
        self
    }

    /// Sets how many reads run at the same time, at least one.
    pub fn with_readers(mut self, readers: usize) -> Self {
        self.readers = readers.clamp(1, 256);
        self
    }

    /// Sets the sequence of a new stream's first event; zero counts as one. Streams that exist go on where they are.
    pub fn with_first_sequence(mut self, first: Sequence) -> Self {
        self.first_sequence = first.max(Sequence::ZERO.next());
        self
    }

    /// Sets how many bytes the database file may have, at least a mebibyte. A file that is larger already does not grow.
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes.max(LEAST_BYTES));
        self
    }

    /// Sets the clock by which ids fade, for tests.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how many events may be in memory's part of the channel index before it is written out; 16,384 unless set. More
    /// makes appends cheaper and the start after a crash slower.
    pub fn with_tail_events(mut self, events: usize) -> Self {
        self.tail_events = events.max(1);
        self
    }
}

/// An empty store has some dozens of pages; with less than this there is no room for anything.
const LEAST_BYTES: u64 = 1 << 20;

fn decode(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| refused("its percent-encoding is not UTF-8".to_owned()))
}

fn refused(why: String) -> Error {
    Error::new(ErrorKind::Config, format!("the storage URL is refused: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_relative_and_absolute_files() {
        for (url, path) in [
            ("sqlite:events.db", "events.db"),
            ("sqlite:./a/b.db", "./a/b.db"),
            ("sqlite:/data/e.db", "/data/e.db"),
            ("sqlite:///data/e.db", "/data/e.db"),
            ("sqlite:a%20b%3f.db?readers=2", "a b?.db"),
        ] {
            assert_eq!(SqliteConfig::from_url(url).unwrap().path, Path::new(path), "{url}");
        }
        let url =
            "sqlite:e?synchronous=normal&dedup_window=2h&readers=9&first_sequence=1000&max_bytes=5000000";
        let config = SqliteConfig::from_url(url).unwrap();
        assert_eq!((config.first_sequence.get(), config.max_bytes), (1000, Some(5_000_000)));
        assert_eq!(config.synchronous, Synchronous::Normal);
        assert_eq!(config.dedup_window, Duration::from_secs(7200));
        assert_eq!(config.readers, 9);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for bad in [
            "memory:",
            "sqlite:",
            "sqlite:?readers=1",
            "sqlite:e?sync=full",
            "sqlite:e?synchronous=off",
            "sqlite:e?dedup_window=soon",
            "sqlite:e?dedup_window=5w",
            "sqlite:e?readers=0",
            "sqlite:e?first_sequence=0",
            "sqlite:e?max_bytes=1000",
            "sqlite:e?max_bytes=lots",
            "sqlite:e%00",
            "sqlite:%ff",
        ] {
            assert_eq!(SqliteConfig::from_url(bad).unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
    }
}
