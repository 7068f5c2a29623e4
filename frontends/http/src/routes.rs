//! The table of routes: the router and the OpenAPI document are both made of it.

use crate::openapi::operations as describe;
use crate::route::{Method, Route};
use crate::{channels, commit, consumers, events, operations, streams};

/// Lists everything that the native API has.
pub(crate) fn table() -> Vec<Route> {
    use Method::{Delete, Get, Post, Put};
    vec![
        Route::at("/v1/events/{*channel}").on(Get, events::read, &describe::READ_CHANNEL).on(
            Post,
            events::publish,
            &describe::PUBLISH,
        ),
        Route::at("/v1/events").on(Get, events::read, &describe::READ_ALL).on(
            Post,
            events::publish,
            &describe::PUBLISH_LINES,
        ),
        Route::at("/v1/commit").on(Post, commit::commit, &describe::COMMIT),
        Route::at("/v1/consumers").on(Get, consumers::list, &describe::LIST_CONSUMERS),
        Route::at("/v1/consumers/{name}")
            .on(Get, consumers::show, &describe::SHOW_CONSUMER)
            .on(Put, consumers::put, &describe::PUT_CONSUMER)
            .on(Delete, consumers::remove, &describe::REMOVE_CONSUMER),
        Route::at("/v1/consumers/{name}/commit").on(Post, consumers::commit, &describe::ADVANCE_CONSUMER),
        Route::at("/v1/channels").on(Get, channels::list, &describe::LIST_CHANNELS),
        Route::at("/v1/channels/{*channel}").on(Get, channels::show, &describe::SHOW_CHANNEL).on(
            Delete,
            channels::remove,
            &describe::REMOVE_CHANNEL,
        ),
        Route::at("/v1/streams").on(Get, streams::list, &describe::LIST_STREAMS),
        Route::at("/v1/streams/{stream}").on(Get, streams::show, &describe::SHOW_STREAM).on(
            Delete,
            streams::remove,
            &describe::REMOVE_STREAM,
        ),
        Route::at("/v1/streams/{stream}/trim").on(Post, streams::trim, &describe::TRIM_STREAM),
        Route::at("/health").on(Get, operations::health, &describe::HEALTH),
        Route::at("/ready").on(Get, operations::ready, &describe::READY),
        Route::at("/metrics").on(Get, operations::metrics, &describe::METRICS),
        Route::at("/openapi.json").on(Get, operations::openapi, &describe::OPENAPI),
        Route::at("/").on(Get, operations::landing, &describe::LANDING),
    ]
}
