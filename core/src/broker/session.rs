//! Sessions: the only way to do anything with a broker.

use super::{Broker, Subscription, guard};
use crate::live::{Answered, Listener, Tail, TailKeys};
use crate::{
    Action, Catalog, ChannelInfo, ChannelName, Commit, CommitId, Cursor, CursorName, Direction, Error,
    ErrorKind, Gap, NewEvent, Page, Position, Principal, ReadQuery, Receipt, Record, RecordKey, Result,
    Retention, Selector, Sequence, Source, Start, StreamName, Usage,
};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Acts for one authenticated client. Every call asks the [`Auth`](crate::Auth) first.
#[derive(Clone, Debug)]
pub struct Session {
    broker: Broker,
    principal: Principal,
    /// The one stream that it acts in; without one, channels say in which.
    stream: Option<StreamName>,
}

impl Session {
    pub(super) fn new(broker: Broker, principal: Principal) -> Self {
        Self { broker, principal, stream: None }
    }

    /// Returns a session that acts in one stream: its cursors and records are there, it reads and commits there, and what it
    /// selects are the channels of that stream alone, so that it can select all of them.
    ///
    /// A session acts in one stream after another by itself: channels say in which. It has its cursors and records in `main`, but
    /// for those that change together with events, which are in the stream of the events.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) when there is no such stream, neither by a rule nor in the store.
    pub async fn in_stream(&self, stream: &StreamName) -> Result<Self> {
        // A store makes the streams that it is asked for; that is not for everyone to do.
        if !self.broker.0.streams.knows(stream) && !self.is_stored(stream).await? {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no stream {stream}")));
        }
        Ok(Self { stream: Some(stream.clone()), ..self.clone() })
    }

    async fn is_stored(&self, stream: &StreamName) -> Result<bool> {
        self.broker.check_open()?;
        match self.broker.0.storage.catalog() {
            Some(catalog) => Ok(catalog.streams().await?.contains(stream)),
            None => Ok(false),
        }
    }

    /// Returns the stream that cursors and records are in.
    fn own_stream(&self) -> Cow<'_, StreamName> {
        self.stream.as_ref().map_or_else(|| Cow::Owned(StreamName::main()), Cow::Borrowed)
    }

    fn stream_of_selector(&self, selector: &Selector) -> Result<&StreamName> {
        match &self.stream {
            Some(stream) => Ok(stream),
            None => self.broker.0.streams.of_selector(selector),
        }
    }

    /// Events are published where the rules say, in a session of one stream too: nobody would look for them elsewhere.
    fn stream_of_commit(&self, commit: &Commit) -> Result<&StreamName> {
        let rules = &self.broker.0.streams;
        let ruled = rules.of_commit(commit)?;
        match &self.stream {
            Some(stream) if commit.append.is_empty() || stream == ruled => Ok(stream),
            Some(stream) => {
                let why = format!("the events of this commit are in the stream {ruled}, not in {stream}");
                Err(Error::invalid(why))
            }
            None => Ok(ruled),
        }
    }

    /// Returns who acts.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Returns the broker.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Returns a client id as the source of this session's events, as [`Principal::own_source`] does.
    ///
    /// Publishing does this by itself, and so does reading with the source that a selector leaves out.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when name and id together are too long.
    pub fn own_source(&self, source: &Source) -> Result<Source> {
        self.principal.own_source(source)
    }

    /// Binds the source that a selector leaves out to this session.
    fn own_selector(&self, selector: Selector) -> Result<Selector> {
        match selector.excepted() {
            Some(source) if !self.principal.is_anonymous() => {
                let source = self.own_source(source)?;
                Ok(selector.except(source))
            }
            _ => Ok(selector),
        }
    }

    /// As [`own_selector`](Self::own_selector), for a query; copied only when it has to be changed.
    fn own_query<'q>(&self, query: &'q ReadQuery) -> Result<Cow<'q, ReadQuery>> {
        if self.principal.is_anonymous() || query.selector.excepted().is_none() {
            return Ok(Cow::Borrowed(query));
        }
        let selector = self.own_selector(query.selector.clone())?;
        Ok(Cow::Owned(ReadQuery { selector, ..query.clone() }))
    }

    /// Asks whether an action is allowed, for those who must know before they do it.
    ///
    /// # Errors
    /// What the [`Auth`](crate::Auth) answers.
    pub async fn authorize(&self, action: &Action<'_>) -> Result<()> {
        self.broker.0.auth.authorize(&self.principal, action).await
    }

    /// Publishes one event. Once it returns, every reader of this broker would see it.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub async fn publish(&self, event: NewEvent) -> Result<Receipt> {
        self.commit(Commit::append([event])).await
    }

    /// Carries out a commit, all or nothing, in the stream that its channels are in; one without events in that of the session:
    /// see [`in_stream`](Self::in_stream).
    ///
    /// The broker's clock sets the time of its events and cursor moves, and their source is that of this principal: see
    /// [`own_source`](Self::own_source). A commit that holds more than events gets an id
    /// unless it has one, so that layers can repeat it safely.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) and [`TooLarge`](crate::ErrorKind::TooLarge) before anything happens;
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied) and the other answers of the [`Auth`](crate::Auth); what
    /// [`Storage::commit`](crate::Storage::commit) answers.
    ///
    /// # Cancel safety
    /// Dropped, the commit happens wholly or not at all; repeat it with the same ids to find out.
    pub async fn commit(&self, mut commit: Commit) -> Result<Receipt> {
        let inner = &self.broker.0;
        self.broker.check_open()?;
        guard::check_commit(&commit, &inner.limits, inner.storage.jobs().is_some())?;
        let stream = self.stream_of_commit(&commit)?;
        self.authorize_commit(&commit).await?;
        let now = inner.clock.now();
        for event in &mut commit.append {
            event.time = now;
            if let Some(source) = &event.source {
                event.source = Some(self.own_source(source)?);
            }
        }
        commit.cursors.iter_mut().for_each(|cursor| cursor.time = now);
        if commit.id.is_none() && commit.needs_id() {
            commit.id = Some(CommitId::generate());
        }
        let tail = self.broker.tail(stream).await?;
        let begin = Instant::now();
        let outcome = inner.storage.commit(stream, &commit).await;
        inner.metrics.committed(&outcome, begin.elapsed());
        let receipt = outcome?;
        tail.hand_over(commit, &receipt).await;
        Ok(receipt)
    }

    async fn authorize_commit(&self, commit: &Commit) -> Result<()> {
        let mut last: Option<&ChannelName> = None;
        for event in &commit.append {
            if last != Some(&event.channel) {
                self.authorize(&Action::Publish(&event.channel)).await?;
            }
            last = Some(&event.channel);
        }
        for cursor in &commit.cursors {
            self.authorize(&Action::Consume(&cursor.name)).await?;
        }
        if !commit.records.is_empty() {
            self.authorize(&Action::Admin).await?;
        }
        Ok(())
    }

    /// Reads a page of a selection, from memory where it can. Limits of the query are cut to those of the broker.
    ///
    /// Events beyond the retention's age are left out and told as a gap, even while they are still stored.
    ///
    /// # Errors
    /// The answers of the [`Auth`](crate::Auth); what [`Storage::read`](crate::Storage::read) answers.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn read(&self, query: &ReadQuery) -> Result<Page> {
        self.authorize(&Action::Read(&query.selector)).await?;
        let query = &*self.own_query(query)?;
        let tail = self.open(&query.selector).await?;
        let keys = TailKeys::of(&query.selector);
        let page = self.read_from(&tail, &keys, query).await?;
        self.broker.0.metrics.delivered(page.events.len());
        Ok(page)
    }

    /// Reads a page for a subscription, which asked for the right and counts what it delivers itself.
    pub(super) async fn read_on(&self, tail: &Tail, query: &ReadQuery) -> Result<Page> {
        self.broker.check_open()?;
        self.read_from(tail, &TailKeys::of(&query.selector), query).await
    }

    /// Reads a page as [`read`](Self::read) does, and waits up to `wait` for one that is not empty.
    ///
    /// Only for ascending queries without an end; others are not waited for.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn poll(&self, query: &ReadQuery, wait: Duration) -> Result<Page> {
        if wait.is_zero() || query.direction == Direction::Descending || query.until.is_some() {
            return self.read(query).await;
        }
        self.authorize(&Action::Read(&query.selector)).await?;
        let mut query = self.own_query(query)?.into_owned();
        let tail = self.open(&query.selector).await?;
        let keys = TailKeys::of(&query.selector);
        let listener = Listener::new(tail, &query.selector);
        let deadline = tokio::time::Instant::now() + wait;
        query.start = self.fixed_start(&listener.tail, query.start).await?;
        loop {
            let grown = listener.grown();
            let page = self.read_from(&listener.tail, &keys, &query).await?;
            let something = !page.events.is_empty() || page.gap.is_some() || page.reset.is_some();
            if something || listener.tail.is_closed() {
                self.broker.0.metrics.delivered(page.events.len());
                return Ok(page);
            }
            if page.more {
                query.start = Start::At(page.position());
                continue;
            }
            tokio::select! {
                () = grown => {}
                () = tokio::time::sleep_until(deadline) => return Ok(page),
                () = self.broker.0.closing.begun() => return Ok(page),
            }
        }
    }

    async fn open(&self, selector: &Selector) -> Result<Arc<Tail>> {
        self.broker.check_open()?;
        self.broker.tail(self.stream_of_selector(selector)?).await
    }

    async fn read_from(&self, tail: &Tail, keys: &TailKeys, query: &ReadQuery) -> Result<Page> {
        let limits = &self.broker.0.limits;
        let (limit, max_bytes) =
            (query.limit.clamp(1, limits.max_page_events), query.max_bytes.min(limits.max_page_bytes));
        let fitting;
        let query = if (limit, max_bytes) == (query.limit, query.max_bytes) {
            query
        } else {
            fitting = query.clone().with_limit(limit).with_max_bytes(max_bytes);
            &fitting
        };
        let (mut page, from) = match tail.page(query, keys) {
            Some(answer) => answer,
            None => (self.read_stored(tail, keys, query).await?, Answered::Storage),
        };
        self.leave_out_expired(&tail.stream, query, &mut page);
        self.broker.0.metrics.read(from);
        self.broker.0.metrics.told(page.gap.is_some(), page.reset.is_some());
        Ok(page)
    }

    /// Reads the store. A source that is left out is left out here, when one look shows all there is: then the tail learns
    /// that a channel is quiet, and the next poll of it does not ask the store again.
    async fn read_stored(&self, tail: &Tail, keys: &TailKeys, query: &ReadQuery) -> Result<Page> {
        let storage = &self.broker.0.storage;
        if query.selector.excepted().is_none() {
            let page = storage.read(&tail.stream, query).await?;
            tail.learn(query, keys, &page);
            return Ok(page);
        }
        let whole = ReadQuery { selector: query.selector.clone().without_exception(), ..query.clone() };
        let mut page = storage.read(&tail.stream, &whole).await?;
        tail.learn(&whole, keys, &page);
        if page.more {
            return storage.read(&tail.stream, query).await;
        }
        page.events.retain(|event| query.selector.matches_source(event.source.as_ref()));
        Ok(page)
    }

    fn leave_out_expired(&self, stream: &StreamName, query: &ReadQuery, page: &mut Page) {
        let Some(cutoff) = self.broker.retention_of(stream).cutoff(self.broker.0.clock.now()) else { return };
        let Some(last) =
            page.events.iter().filter(|event| event.time < cutoff).map(|event| event.sequence).max()
        else {
            return;
        };
        page.events.retain(|event| event.time >= cutoff);
        let after = page.begun_after(query.start);
        let was_here = matches!(query.start, Start::After(_) | Start::At(_)) && page.reset.is_none();
        if was_here {
            let resume_at = page.gap.map_or(last.next(), |gap| gap.resume_at.max(last.next()));
            page.gap = Some(Gap { after, resume_at });
        }
    }

    /// Follows a selection from a start on: first what is retained, then what comes.
    ///
    /// With [`Start::Latest`] it follows what is published after this call has returned.
    ///
    /// # Errors
    /// The answers of the [`Auth`](crate::Auth); what [`Storage::bounds`](crate::Storage::bounds) answers.
    pub async fn subscribe(&self, selector: Selector, start: Start) -> Result<Subscription> {
        self.authorize(&Action::Read(&selector)).await?;
        let selector = self.own_selector(selector)?;
        let tail = self.open(&selector).await?;
        let listener = Listener::new(tail, &selector);
        let start = self.fixed_start(&listener.tail, start).await?;
        Ok(Subscription::new(self.clone(), listener, start))
    }

    /// Makes a place of "from now on": the store's head, which may be beyond the tail's when another broker has published.
    async fn fixed_start(&self, tail: &Tail, start: Start) -> Result<Start> {
        if start != Start::Latest {
            return Ok(start);
        }
        let bounds = self.broker.0.storage.bounds(&tail.stream).await?;
        Ok(Start::At(bounds.position()))
    }

    /// Looks a cursor of the session's stream up.
    ///
    /// # Errors
    /// The answers of the [`Auth`](crate::Auth); what [`Storage::cursor`](crate::Storage::cursor) answers.
    pub async fn cursor(&self, name: &CursorName) -> Result<Option<Cursor>> {
        self.authorize(&Action::Consume(name)).await?;
        self.broker.0.storage.cursor(&self.own_stream(), name).await
    }

    /// Returns the position at the head of the session's stream: how far a cursor could be moved.
    ///
    /// # Errors
    /// The answers of the [`Auth`](crate::Auth); what [`Storage::bounds`](crate::Storage::bounds) answers.
    pub async fn cursor_head(&self, name: &CursorName) -> Result<Position> {
        self.authorize(&Action::Consume(name)).await?;
        Ok(self.broker.tail(&self.own_stream()).await?.bounds().position())
    }

    /// Returns the sequence of a position in the session's stream, for a cursor; `None` when the stream is another incarnation, or
    /// has lost what was there.
    ///
    /// # Errors
    /// The answers of the [`Auth`](crate::Auth); what [`Storage::read`](crate::Storage::read) answers.
    pub async fn cursor_place(&self, name: &CursorName, position: Position) -> Result<Option<Sequence>> {
        self.authorize(&Action::Consume(name)).await?;
        self.broker.check_open()?;
        // The store alone knows whether an earlier incarnation went on in this one.
        let query = ReadQuery::new(Selector::all(), Start::At(position)).with_limit(1).with_max_bytes(0);
        let page = self.broker.0.storage.read(&self.own_stream(), &query).await?;
        Ok(page.reset.is_none().then_some(position.sequence))
    }

    /// Looks a record of the session's stream up.
    ///
    /// # Errors
    /// The answers of the [`Auth`](crate::Auth); what [`Storage::record`](crate::Storage::record) answers.
    pub async fn record(&self, key: &RecordKey) -> Result<Option<Record>> {
        self.authorize(&Action::Admin).await?;
        self.broker.0.storage.record(&self.own_stream(), key).await
    }

    /// Returns the position of a reader that has seen everything in the stream of a selection.
    ///
    /// # Errors
    /// The answers of the [`Auth`](crate::Auth); what [`Storage::bounds`](crate::Storage::bounds) answers.
    pub async fn head(&self, selector: &Selector) -> Result<Position> {
        self.authorize(&Action::Read(selector)).await?;
        Ok(self.open(selector).await?.bounds().position())
    }

    /// Lists the streams.
    ///
    /// # Errors
    /// The answers of the [`Auth`](crate::Auth), [`Unsupported`](crate::ErrorKind::Unsupported) without a catalog, and what it answers.
    pub async fn streams(&self) -> Result<Vec<StreamName>> {
        self.authorize(&Action::Admin).await?;
        self.catalog()?.streams().await
    }

    /// Lists channels that have retained events, by name, from after `after` on, at most `limit`. A session of one stream lists
    /// those of that stream; otherwise they are those of all streams, each in the one where the rules have it.
    ///
    /// # Errors
    /// As [`streams`](Self::streams).
    pub async fn channels(
        &self,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        self.authorize(&Action::Read(selector)).await?;
        let (catalog, rules) = (self.catalog()?, &self.broker.0.streams);
        let limit = limit.min(self.broker.0.limits.max_page_events);
        let streams = match &self.stream {
            Some(stream) => return catalog.channels(stream, selector, after, limit).await,
            None => rules.all_of_selector(selector),
        };
        let mut all: Vec<ChannelInfo> = Vec::new();
        for stream in streams {
            let mut after = after.cloned();
            let mut found = Vec::new();
            // Channels that a changed rule left behind are passed over, and do not count.
            while found.len() < limit {
                let page = catalog.channels(stream, selector, after.as_ref(), limit).await?;
                let is_last = page.len() < limit;
                after = page.last().map(|info| info.name.clone());
                found.extend(page.into_iter().filter(|info| rules.of_channel(&info.name) == stream));
                if is_last {
                    break;
                }
            }
            all.extend(found);
            all.sort_unstable_by(|one, other| one.name.cmp(&other.name));
            all.truncate(limit);
        }
        Ok(all)
    }

    /// Lists cursors by name, from after `after` on, at most `limit`.
    ///
    /// # Errors
    /// As [`streams`](Self::streams).
    pub async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        self.authorize(&Action::Admin).await?;
        self.catalog()?.cursors(stream, after, limit.min(self.broker.0.limits.max_page_events)).await
    }

    /// Counts what a stream holds.
    ///
    /// # Errors
    /// As [`streams`](Self::streams).
    pub async fn usage(&self, stream: &StreamName) -> Result<Usage> {
        self.authorize(&Action::Admin).await?;
        self.catalog()?.usage(stream).await
    }

    /// Removes every event of a channel, in its stream. Its readers are told by a gap. Returns how many went.
    ///
    /// # Errors
    /// As [`streams`](Self::streams).
    pub async fn delete_channel(&self, channel: &ChannelName) -> Result<u64> {
        self.authorize(&Action::Admin).await?;
        let stream = self.stream.as_ref().unwrap_or_else(|| self.broker.0.streams.of_channel(channel));
        let tail = self.broker.tail(stream).await?;
        let removed = self.catalog()?.delete_channel(stream, channel).await;
        // Even a deletion that failed half-way has removed something.
        tail.clear();
        tail.refresh().await?;
        removed
    }

    /// Removes a stream with everything in it. Its readers are told by a reset.
    ///
    /// # Errors
    /// As [`streams`](Self::streams).
    pub async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.authorize(&Action::Admin).await?;
        let tail = self.broker.tail(stream).await?;
        self.catalog()?.delete_stream(stream).await?;
        tail.refresh().await
    }

    /// Removes the oldest events of a stream until a retention holds. Returns how many went.
    ///
    /// # Errors
    /// The answers of the [`Auth`](crate::Auth); what [`Storage::trim`](crate::Storage::trim) answers.
    pub async fn trim(&self, stream: &StreamName, retention: &Retention) -> Result<u64> {
        self.authorize(&Action::Admin).await?;
        self.broker.trim(stream, retention).await
    }

    fn catalog(&self) -> Result<&dyn Catalog> {
        self.broker.check_open()?;
        crate::catalog::required(&*self.broker.0.storage)
    }
}
