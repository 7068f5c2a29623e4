//! Where clients meet a broker, and what can be done to it meanwhile.

use super::{Abilities, Client};
use crate::Failure;
use async_trait::async_trait;
use eventweir::ChannelName;
use std::fmt;
use std::time::Duration;

/// A broker (or several over one store) with an empty part of a stream that the suite alone uses, and the way to it.
#[async_trait]
pub(crate) trait Site: Send + Sync {
    /// Says what the clients of this site can express.
    fn abilities(&self) -> &Abilities;

    /// Says whether a disturbance can be asked for. What cannot be is skipped by name.
    fn can(&self, disturbance: &Disturbance) -> bool;

    /// Returns whether what was acknowledged outlives the broker that acknowledged it.
    fn survives(&self) -> bool;

    /// Returns whether a volatile store outlives what happens to its broker here.
    fn outlives(&self, disturbance: &Disturbance) -> bool;

    /// Returns the channel below which the suite keeps everything, and nobody else anything.
    fn top(&self) -> &ChannelName;

    /// Connects another client. It fails while the broker is away.
    async fn connect(&self) -> eventweir::Result<Box<dyn Client>>;

    /// Connects a client that can select a subtree, of another protocol where this one cannot, and with nothing in between that
    /// cuts it.
    async fn witness(&self) -> eventweir::Result<Box<dyn Client>>;

    /// Disturbs, and returns when it is done: after a restart or a kill the broker is there again.
    async fn disturb(&self, disturbance: &Disturbance) -> Result<(), Failure>;

    /// Removes what the suite made, and ends what it started.
    async fn leave(&self) -> Result<(), Failure>;
}

/// Something that happens to brokers. Of several, it happens to one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// The broker is ended in good order and started again on the same store.
    Restart,
    /// The broker is ended by `kill -9` and started again on the same store.
    Kill,
    /// One of several brokers is ended by `kill -9`, and stays away. The last one is not.
    Lose,
    /// Those that stayed away are started again.
    Return,
    /// The broker stands still for a time, and goes on: SIGSTOP, SIGCONT.
    Pause(Duration),
    /// Every connection is cut, each after some more bytes in either direction.
    Cut { after_bytes: u64 },
    /// Bytes wait for a time, then go on.
    Stall(Duration),
    /// From now on bytes come in pieces of this size. 0: as they come.
    Split { bytes: usize },
    /// The broker's clock jumps.
    StepClock { seconds: i64 },
    /// The oldest events go until so many are left.
    Trim { keep: u64 },
    /// A channel's events go.
    Remove { channel: ChannelName },
    /// The stream is removed, and made again at its next use.
    BeginAnew,
    /// From now on the answer to a request is lost, before its first byte, and the connection with it; or no longer.
    LoseAnswers(bool),
    /// From now on the store fails and waits as a seed chooses; `None`: no longer.
    Faults { seed: Option<u64> },
    /// From now on no wake-up reaches the broker; or they do again.
    Deafness(bool),
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restart => f.write_str("restart"),
            Self::Kill => f.write_str("kill -9"),
            Self::Lose => f.write_str("kill -9, and stay away"),
            Self::Return => f.write_str("come back"),
            Self::Pause(span) => write!(f, "pause for {} ms", span.as_millis()),
            Self::Cut { after_bytes } => write!(f, "cut all connections after {after_bytes} bytes"),
            Self::Stall(span) => write!(f, "stall for {} ms", span.as_millis()),
            Self::Split { bytes: 0 } => f.write_str("split no longer"),
            Self::Split { bytes } => write!(f, "split into pieces of {bytes} bytes"),
            Self::StepClock { seconds } => write!(f, "step the clock by {seconds} s"),
            Self::Trim { keep } => write!(f, "trim to {keep} events"),
            Self::Remove { channel } => write!(f, "remove {channel}"),
            Self::BeginAnew => f.write_str("remove the stream"),
            Self::LoseAnswers(true) => f.write_str("lose answers"),
            Self::LoseAnswers(false) => f.write_str("lose no more answers"),
            Self::Deafness(true) => f.write_str("lose wake-ups"),
            Self::Deafness(false) => f.write_str("lose no more wake-ups"),
            Self::Faults { seed: Some(seed) } => write!(f, "faults by {seed}"),
            Self::Faults { seed: None } => f.write_str("no more faults"),
        }
    }
}
