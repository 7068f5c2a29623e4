//! A publisher that repeats what was not acknowledged, by the same ids.

use super::{Backdrop, EventMaker, breathe};
use crate::delivery::{Client, Published};
use crate::history::{Outcome, Sent};
use crate::{Failure, Law};
use eventweir::{ChannelName, Effect, Error, NewEvent, Source};
use tokio::time::Instant;

pub(crate) struct Publisher {
    stage: Backdrop,
    name: String,
    client: Option<Box<dyn Client>>,
    maker: EventMaker,
}

/// Events that were made to be published, once or again.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    events: Vec<NewEvent>,
    sent: Vec<Sent>,
}

impl Publisher {
    pub(super) fn new(stage: Backdrop, name: &str) -> Self {
        Self { stage, name: name.to_owned(), client: None, maker: EventMaker::new(name) }
    }

    /// Makes events for channels, in this order.
    pub(crate) fn make(&mut self, channels: &[ChannelName], source: Option<&Source>) -> Publication {
        let (events, sent) = channels.iter().map(|channel| self.maker.make(channel, source)).unzip();
        Publication { events, sent }
    }

    /// Publishes new events, as one commit where the protocol can and one by one where not, until they are acknowledged.
    ///
    /// Without ids an event of which nobody knows whether it was published is left alone.
    pub(crate) async fn publish(&mut self, channels: &[ChannelName]) -> Result<(), Failure> {
        if self.stage.site.abilities().batches || channels.len() < 2 {
            let publication = self.make(channels, None);
            return self.insist(&publication).await.map(drop);
        }
        for channel in channels {
            let publication = self.make(std::slice::from_ref(channel), None);
            self.insist(&publication).await?;
        }
        Ok(())
    }

    /// Publishes an event of a source.
    pub(crate) async fn publish_as(&mut self, channel: &ChannelName, source: &Source) -> Result<(), Failure> {
        let publication = self.make(std::slice::from_ref(channel), Some(source));
        self.insist(&publication).await.map(drop)
    }

    /// Publishes what ends a round, and returns its key.
    pub(super) async fn publish_sentinel(
        &mut self,
        channel: &ChannelName,
        round: u64,
    ) -> Result<String, Failure> {
        self.maker = EventMaker::new(&format!("end{round}-{}", channel.as_str().trim_start_matches('/')));
        let mut publication = self.make(std::slice::from_ref(channel), None);
        // The last word must be acknowledged, ids or not: then it is another one each time.
        while self.insist(&publication).await?.is_empty() {
            publication = self.make(std::slice::from_ref(channel), None);
        }
        Ok(publication.sent.first().map(|sent| sent.key.clone()).unwrap_or_default())
    }

    /// Tries until it is acknowledged. Empty when nobody knows, and the protocol has no ids to ask again by.
    pub(crate) async fn insist(&mut self, publication: &Publication) -> Result<Vec<Published>, Failure> {
        let end = Instant::now() + self.stage.patience;
        loop {
            match self.attempt(publication).await? {
                Ok(published) => return Ok(published),
                Err(error) => {
                    let known = error.effect() == Effect::NotApplied;
                    if !known && !self.stage.site.abilities().ids {
                        return Ok(Vec::new());
                    }
                    if Instant::now() > end {
                        let (name, seconds) = (&self.name, self.stage.patience.as_secs());
                        let what = format!(
                            "{name} could not publish for {seconds} seconds; the last answer: {error}"
                        );
                        return Err(Failure::of(Law::Honest, what));
                    }
                }
            }
            breathe().await;
        }
    }

    /// Tries once, and writes down what came of it.
    pub(crate) async fn attempt(
        &mut self,
        publication: &Publication,
    ) -> Result<Result<Vec<Published>, Error>, Failure> {
        let attempt = self.stage.recorder.attempt(&self.name, publication.sent.clone());
        let mut answer = self.call(publication).await;
        if let Ok(published) = &answer
            && published.len() != publication.events.len()
        {
            let (told, sent) = (published.len(), publication.events.len());
            answer =
                Err(Error::invalid(format!("an answer tells of {told} events, and {sent} were published")));
        }
        self.stage.recorder.outcome(attempt, outcome(&answer));
        if let Err(error) = &answer {
            self.client = None;
            self.stage.excuse(&self.name, error)?;
        }
        Ok(answer)
    }

    async fn call(&mut self, publication: &Publication) -> Result<Vec<Published>, Error> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(self.stage.site.connect().await?),
        };
        client.publish(&publication.events).await
    }
}

fn outcome(answer: &Result<Vec<Published>, Error>) -> Outcome {
    match answer {
        Ok(published) => {
            Outcome::Acknowledged(published.iter().map(|published| published.sequence).collect())
        }
        Err(error) if error.effect() == Effect::NotApplied => Outcome::Refused,
        Err(_) => Outcome::Unknown,
    }
}
