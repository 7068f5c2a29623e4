//! Publishing, by POST or through GET.

use super::agent::Agent;
use super::answer::{self, EPOCH, NO_STORE};
use super::call::Call;
use super::callback::Callback;
use super::client::ClientId;
use super::refusal::Refusal;
use super::{document, visitor};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use eventweir::{ContentType, EventId, Headers, NewEvent, Receipt};
use eventweir_web::read_body;
use http::header::CACHE_CONTROL;
use http::{HeaderName, HeaderValue, StatusCode};

/// The header that keeps the publisher's agent text in an event.
pub(super) const AGENT_HEADER: &str = "user-agent";

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const EVENT_ID: HeaderName = HeaderName::from_static("x-rse-event-id");
const DUPLICATE: HeaderName = HeaderName::from_static("x-rse-duplicate");

/// Publishes the body of a POST.
pub(super) async fn posted(call: &Call<'_>, body: Body) -> Result<Response, Refusal> {
    let agent = Agent::of(call.headers)?;
    let limit = call.service.broker.limits().max_event_bytes;
    let document = read_body(body, limit as u64).await?;
    publish(call, &agent, document).await
}

/// Publishes a document that stands in the query of a GET, for script tags.
pub(super) async fn tunnelled(call: &Call<'_>) -> Result<Response, Refusal> {
    if !call.service.config.jsonp {
        return Err(Refusal::forbidden("Publishing through GET is turned off on this server"));
    }
    visitor::refuse_unasked_publishing(call.headers)?;
    let document = call
        .params
        .last("post-data")?
        .ok_or_else(|| Refusal::bad_request("Missing query parameter: post-data"))?;
    let agent = Agent::of(call.headers)?;
    publish(call, &agent, Bytes::from(document.into_owned())).await
}

async fn publish(call: &Call<'_>, agent: &Agent<'_>, document: Bytes) -> Result<Response, Refusal> {
    let channel = call.channel()?;
    document::check(&document)?;
    let client = ClientId::find(agent, call.params)?;
    let client = ClientId::require(client, call.service.config.test_mode)?;
    // Before anything is stored: a client that is refused must be able to try again without publishing twice.
    let callback = Callback::of(call.params, call.service.config.jsonp)?;
    let mut event = NewEvent::new(channel, document)
        .with_content_type(ContentType::JSON)
        .with_source(client.source(call.session.principal())?)
        .with_headers(Headers::new([(AGENT_HEADER, agent.text())])?);
    if let Some(id) = idempotency_key(call)? {
        event.id = id;
    }
    let receipt = call.session.publish(event).await?;
    Ok(acknowledged(&receipt, callback.as_ref()))
}

fn idempotency_key(call: &Call<'_>) -> Result<Option<EventId>, Refusal> {
    let Some(value) = call.headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let text = crate::header_text::of("idempotency-key", value)?;
    Ok(Some(EventId::new(&crate::header_text::unquoted(text.trim()))?))
}

fn acknowledged(receipt: &Receipt, callback: Option<&Callback<'_>>) -> Response {
    let mut response = match callback {
        Some(callback) => answer::script(callback, b"{}"),
        None => StatusCode::CREATED.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(EPOCH, answer::epoch(receipt.epoch));
    if let Some(event) = receipt.events.first() {
        headers.insert(EVENT_ID, event.sequence.get().into());
        if event.duplicate {
            headers.insert(DUPLICATE, HeaderValue::from_static("true"));
        }
    }
    response
}
