//! Health: a word for everyone, a report for administrators.

use super::answer::{self, NO_STORE};
use super::call::presented;
use super::params::Params;
use super::refusal::Refusal;
use super::service::Service;
use crate::readiness::in_time;
use axum::response::{IntoResponse, Response};
use eventweir::{Action, Broker, ErrorKind, Result, Session, StreamName};
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// The flags of the first server; the last two asked its database for what ours does not need.
const FLAGS: [&str; 3] = ["verbose", "profile_db", "validate_db"];

/// Answers `GET` and `HEAD /health`.
pub(super) async fn answer(service: &Service, parts: &Parts) -> Result<Response, Refusal> {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return Err(Refusal::method(&parts.method, "GET, HEAD"));
    }
    let params = Params::new(parts.uri.query());
    let [verbose, _, _] = flags(&params)?;
    let mut response = if verbose {
        let session = service.broker.session(&presented(&parts.headers, &params)?).await?;
        session.authorize(&Action::Admin).await?;
        report(service, &session).await
    } else {
        in_time(service.broker.check_ready()).await?;
        answer::json(b"OK\n".to_vec())
    };
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    Ok(response)
}

fn flags(params: &Params<'_>) -> Result<[bool; 3], Refusal> {
    let mut values = [false; 3];
    for (value, name) in values.iter_mut().zip(FLAGS) {
        if let Some(text) = params.last(name)? {
            *value = flag(&text)
                .ok_or_else(|| Refusal::bad_request(format!("Query parameter is yes or no: {name}")))?;
        }
    }
    Ok(values)
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Some(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Tells what can be told, part by part: one that fails takes no other with it.
async fn report(service: &Service, session: &Session) -> Response {
    let broker = &service.broker;
    let (store, store_fails) = part(in_time(broker.check_ready()).await.map(|()| promises(broker)));
    let main = StreamName::main();
    let (events, events_fail) = part(in_time(session.usage(&main)).await.map(|usage| {
        json!({
            "events": usage.events,
            "bytes": usage.bytes,
            "channels": usage.channels,
            "cursors": usage.cursors,
            "epoch": usage.bounds.epoch.to_string(),
            "first": usage.bounds.first,
            "head": usage.bounds.head,
        })
    }));
    let report = json!({
        "rse": {
            "test_mode": service.config.test_mode,
            "strict_channels": service.config.strict_channels,
            "jsonp": service.config.jsonp,
            "version": env!("CARGO_PKG_VERSION"),
        },
        "storage": store,
        "stream": events,
        "retention": retention(broker),
    });
    let status = if store_fails || events_fail { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, answer::json(report.to_string().into_bytes())).into_response()
}

/// Returns a part of the report, and whether it fails. A storage that cannot count is not ill.
fn part(outcome: Result<Value>) -> (Value, bool) {
    match outcome {
        Ok(value) => (value, false),
        Err(error) => {
            let fails = error.kind() != ErrorKind::Unsupported;
            (json!({ "error": error.kind().code(), "message": error.message() }), fails)
        }
    }
}

fn promises(broker: &Broker) -> Value {
    json!({ "durability": broker.promises().durability.as_str() })
}

fn retention(broker: &Broker) -> Value {
    let retention = broker.retention();
    json!({
        "max_age_seconds": retention.max_age.map(|age| age.as_secs_f64()),
        "max_events": retention.max_events,
        "max_bytes": retention.max_bytes,
    })
}
