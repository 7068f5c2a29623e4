//! What a protocol's author implements: a client.

use eventweir::{ChannelName, NewEvent, Result, Scope, Selector, Sequence, async_trait};
use std::fmt::{self, Debug};

/// Speaks one protocol to a broker, as a real client of it does. Implement it to bring a protocol under the laws.
///
/// A client is one connection, or as many as its protocol needs, and it is used by one task. Another client goes on where it
/// was: that is a reconnect, and the only state that passes is a [`Place`].
///
/// A call that is refused or cut off says so by an error, and does not try again by itself: the suite does, and counts.
/// An error's [`effect`](eventweir::Error::effect) is `NotApplied` only when the broker has said so, or nothing was sent.
#[async_trait]
pub trait Client: Debug + Send + 'static {
    /// Publishes events: several as one commit, which the suite only asks for when [`Abilities::batches`] says so.
    ///
    /// # Errors
    /// What the broker answered, or `Unavailable` when the connection failed.
    async fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>>;

    /// Begins to read a selection, which [`Abilities::selects`] said can be expressed.
    ///
    /// Returns once events that are published from now on would be delivered. It is called once.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    async fn follow(&mut self, selector: &Selector, from: &From) -> Result<()>;

    /// Waits for what comes next, in order. A polling client makes one request, and returns nothing when there is nothing.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); this client is of no use then, and another one goes on at its [`place`](Self::place).
    ///
    /// # Cancel safety
    /// Dropped, the client may be of no use; its place still is where its last `next` left it.
    async fn next(&mut self) -> Result<Vec<Told>>;

    /// Returns from where a reader goes on that has dealt with everything that `next` returned. `None` when the protocol has not
    /// said any yet: it then begins where this one began.
    fn place(&self) -> Option<Place>;
}

/// Tells what a publisher was answered about one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Where the event is, if the protocol says it.
    pub sequence: Option<Sequence>,
    /// Whether the event was there already, if the protocol says it.
    pub duplicate: Option<bool>,
}

/// Says where a reader begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// With the oldest retained event.
    Earliest,
    /// With what is published from now on.
    Latest,
    /// Where another client was.
    At(Place),
}

/// Says how far a reader has come, in its protocol's own words. Only its protocol looks inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tells a reader what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An event.
    Event(Seen),
    /// Events were removed before they came; with the sequence from which on none was, if the protocol says it.
    Gap(Option<Sequence>),
    /// The place was of another incarnation of the stream; what follows begins with the oldest event.
    Reset,
}

/// Holds an event as a client sees it. What its protocol does not say is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where it is in the stream.
    pub sequence: Option<Sequence>,
    /// Its channel.
    pub channel: Option<ChannelName>,
    /// Its data, a JSON document as the suite published it.
    pub data: bytes::Bytes,
}

/// Says what a protocol can express. The suite asks for nothing else, and prints what it passes over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Abilities {
    /// Several events are published as one commit.
    pub batches: bool,
    /// An event carries its publisher's id, so that it can be published again.
    pub ids: bool,
    /// A reader is told that events were removed before they came.
    pub gaps: bool,
    /// A reader is told that its place is of another incarnation of the stream.
    pub resets: bool,
    /// A reader can begin with what is published from now on.
    pub latest: bool,
    /// A selection may leave out one source.
    pub except: bool,
    /// Subtrees can be selected.
    pub subtree: bool,
    /// Ancestors can be selected.
    pub ancestors: bool,
    /// Patterns can be selected.
    pub patterns: bool,
    /// Several scopes can be selected together.
    pub several: bool,
}

impl Abilities {
    /// Everything that there is.
    pub const ALL: Self = Self {
        batches: true,
        ids: true,
        gaps: true,
        resets: true,
        latest: true,
        except: true,
        subtree: true,
        ancestors: true,
        patterns: true,
        several: true,
    };

    /// Returns whether a selection can be expressed.
    pub fn selects(&self, selector: &Selector) -> bool {
        let scope = |scope: &Scope| match scope {
            Scope::Exact(_) => true,
            Scope::Subtree(_) => self.subtree,
            Scope::Ancestors(_) => self.ancestors,
            Scope::Pattern(_) => self.patterns,
        };
        (self.several || selector.scopes().len() == 1)
            && (self.except || selector.excepted().is_none())
            && selector.scopes().iter().all(scope)
    }
}
