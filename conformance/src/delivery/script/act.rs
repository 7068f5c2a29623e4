//! What a script is made of. [`Display`](fmt::Display) is the line of the table that a failing script prints.

use crate::delivery::Disturbance;
use crate::delivery::play::Manner;
use std::fmt;

/// One act. Publishers publish while the acts after it go on; [`Wait`](Act::Wait) lets them finish.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// A publisher publishes batches of these sizes, to channels from a place in [`CHANNELS`] on.
    Publish { channel: usize, batches: Vec<usize> },
    /// Two clients publish the same event at the same time.
    PublishTwice { channel: usize },
    /// A reader comes.
    Read { selection: usize, latest: bool, manner: Manner },
    /// Everything that is being published is waited for.
    Wait,
    /// Something happens.
    Disturb(Happening),
}

/// Something that happens, in the words of a script: places are those of its own channels.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Plain(Disturbance),
    Remove {
        channel: usize,
    },
    /// Nothing fails any more.
    Calm,
}

/// Channels that look alike, below the site's own.
pub(crate) const CHANNELS: [&str; 6] = ["/a", "/a/b", "/ab", "/a/b/c", "/A", "/a/bc"];

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { channel, batches } => {
                write!(f, "publish  to {}, in batches of {batches:?}", CHANNELS[channel % CHANNELS.len()])
            }
            Self::PublishTwice { channel } => {
                write!(f, "publish  to {}, one event twice at once", CHANNELS[channel % CHANNELS.len()])
            }
            Self::Read { selection, latest, manner } => {
                let from = if *latest { "latest" } else { "earliest" };
                write!(f, "read     selection {selection} from {from}, {}", how(*manner))
            }
            Self::Wait => f.write_str("wait     for the publishers"),
            Self::Disturb(Happening::Plain(disturbance)) => write!(f, "disturb  {disturbance}"),
            Self::Disturb(Happening::Remove { channel }) => {
                write!(f, "disturb  remove {}", CHANNELS[channel % CHANNELS.len()])
            }
            Self::Disturb(Happening::Calm) => f.write_str("disturb  no longer"),
        }
    }
}

fn how(manner: Manner) -> String {
    match manner {
        Manner::Steady => "steadily".to_owned(),
        Manner::Restless(after) => format!("connecting again after each {after}"),
        Manner::Slow(span) => format!("{} ms between two looks", span.as_millis()),
        Manner::Stops { after, connected: true } => format!("standing still after {after}"),
        Manner::Stops { after, connected: false } => format!("gone after {after}"),
    }
}
