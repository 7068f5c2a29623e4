//! Publishing through RSE.

use super::super::call::Call;
use super::super::connection::Connection;
use super::super::{encode, event};
use super::{MOUNT, agent, answer, with_token};
use crate::delivery::{Address, Published};
use eventweir::{Error, NewEvent, Result};
use http::header::USER_AGENT;
use http::{HeaderName, Method};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A client that has an id, made once.
#[derive(Debug)]
pub(super) struct Publisher {
    pub(super) connection: Connection,
    pub(super) token: Option<String>,
    pub(super) own: String,
    /// Knows what was written down in 2012, and passes over the rest.
    first_version: bool,
}

impl Publisher {
    pub(super) fn new(address: Address, first_version: bool) -> Self {
        let token = address.token().map(str::to_owned);
        let own = uuid::Uuid::new_v4().to_string();
        Self { connection: Connection::new(address), token, own, first_version }
    }

    pub(super) async fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>> {
        match events {
            [event] => Ok(vec![self.publish_one(event).await?]),
            _ => Err(Error::invalid("RSE publishes one event at a time")),
        }
    }

    async fn publish_one(&mut self, event: &NewEvent) -> Result<Published> {
        let target = format!("{MOUNT}{}", encode::path(event.channel.as_str()));
        let agent = agent::of(event.source.as_ref(), &self.own)?;
        let call = Call::new(Method::POST, target).with(USER_AGENT, &agent)?.with_body(event.data.clone());
        let call = with_token(call, self.token.as_deref())?;
        if self.first_version {
            let answer = self.connection.call(&call).await?;
            return match answer.status.as_u16() {
                201 => Ok(Published { sequence: None, duplicate: None }),
                _ => Err(answer::refused(&answer)),
            };
        }
        let answer = self.connection.call(&call.with(IDEMPOTENCY_KEY, event.id.as_str())?).await?;
        if answer.status.as_u16() != 201 {
            return Err(answer::refused_with_effect(&answer));
        }
        let id = answer::numbered(&answer, "x-rse-event-id")?;
        let duplicate = Some(answer.header("x-rse-duplicate") == Some("true"));
        Ok(Published { sequence: Some(event::sequence(id)?), duplicate })
    }
}
