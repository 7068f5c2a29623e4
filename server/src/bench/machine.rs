//! What the operating system knows: processor time, memory, load, file systems.

use crate::failure::{Failure, Result, with_causes};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Connections and files that a run may need.
const OPEN_FILES: u64 = 16_384;

/// Turns any error into a failure that says what could not be done.
pub(super) trait OrFail<T> {
    fn or_fail(self, what: &str) -> Result<T>;
}

impl<T, E: std::error::Error> OrFail<T> for Result<T, E> {
    fn or_fail(self, what: &str) -> Result<T> {
        self.map_err(|error| Failure::failed(format!("{what}: {}", with_causes(&error))))
    }
}

/// Raises the number of files that this process and its children may open, as far as it is allowed to.
pub(super) fn raise_open_files() -> Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= OPEN_FILES) {
        return Ok(());
    }
    limit.current = Some(limit.maximum.map_or(OPEN_FILES, |maximum| maximum.min(OPEN_FILES)));
    setrlimit(Resource::Nofile, limit).or_fail("the number of open files cannot be raised")
}

/// Returns the processor time that a process has used, in user and system mode.
pub(super) fn processor_time(pid: u32) -> Result<Duration> {
    let stat = read(format!("/proc/{pid}/stat"))?;
    ticks(&stat)
        .map(|ticks| Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
        .ok_or_else(|| Failure::failed(format!("/proc/{pid}/stat is not as expected")))
}

/// Adds up the fields 14 and 15. The second may hold anything but a final parenthesis, so counting begins after it.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Returns a process's proportional set size in bytes: what it shares is counted by its part.
pub(super) fn memory(pid: u32) -> Result<u64> {
    let rollup = read(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .ok_or_else(|| Failure::failed(format!("/proc/{pid}/smaps_rollup says nothing of Pss")))
}

/// Returns how many processes wanted to run, on average over the last minute.
pub(super) fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Names the file system that a folder is on: a sync to one in memory costs nothing.
pub(super) fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    mounts
        .filter(|(at, _)| folder.starts_with(at))
        .max_by_key(|(at, _)| at.len())
        .map(|(_, kind)| kind.to_owned())
}

fn read(path: String) -> Result<String> {
    fs::read_to_string(&path).or_fail(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_be_called_anything() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 31 11 0 0 20 0 1 0";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("7 (a) S"), None);
    }

    #[test]
    fn this_process_has_a_size_and_a_time() {
        let pid = std::process::id();
        assert!(memory(pid).unwrap() > 100_000);
        processor_time(pid).unwrap();
        assert!(file_system(Path::new("/")).is_some());
    }
}
