//! Every event of every channel, in test mode, a page at a time.

use super::answer::{self, Form};
use super::call::Call;
use super::found;
use super::number::number;
use super::poll::Cut;
use super::refusal::Refusal;
use super::told::Told;
use axum::response::Response;
use eventweir::Selector;
use std::time::Duration;

/// Answers with a bare list. `last-known-id` and `max-events` page through it as they do in polls.
pub(super) async fn answer(call: &Call<'_>) -> Result<Response, Refusal> {
    if !matches!(number(call.params, "sort")?, None | Some(1 | -1)) {
        return Err(Refusal::bad_request("Query parameter is 1 or -1: sort"));
    }
    let cut = Cut::of(call)?;
    let page = found::find(call.session, &cut.query(Selector::all()), Duration::ZERO).await?;
    let broker = &call.service.broker;
    let mut response =
        answer::json(answer::list(&page.events, Form { now: broker.clock().now(), channels: true }));
    let told = Told { page: &page, direction: cut.direction, cursor: cut.cursor, is_foreign: false };
    told.add_to(response.headers_mut(), &call.service.advice);
    Ok(response)
}
