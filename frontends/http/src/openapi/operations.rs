//! Descriptions of all operations.

use super::parameters::*;
use super::{Content, Operation};

const READ_FORMS: Content = &[
    ("application/json", "Page"),
    ("application/x-ndjson", ""),
    ("application/cloudevents-batch+json", "CloudEvents"),
    ("text/event-stream", ""),
];
const LINES: (&str, &str) = ("application/x-ndjson", "");

pub(crate) const READ_CHANNEL: Operation = Operation {
    id: "readChannel",
    summary: "Reads events of a channel, and of others with it: a page, or the live stream.",
    parameters: &[
        &CHANNEL,
        &AFTER,
        &LIMIT,
        &MATCH,
        &MORE_CHANNELS,
        &EXCEPT,
        &UNTIL,
        &ORDER,
        &WAIT,
        &IN_STREAM,
    ],
    body: &[],
    answers: &[(200, "A page, or the live stream.", READ_FORMS)],
};

pub(crate) const READ_ALL: Operation = Operation {
    id: "readAll",
    summary: "Reads events of all channels, or of those that the query names.",
    parameters: &[&AFTER, &LIMIT, &MORE_CHANNELS, &EXCEPT, &UNTIL, &ORDER, &WAIT, &IN_STREAM],
    body: &[],
    answers: &[(200, "A page, or the live stream.", READ_FORMS)],
};

pub(crate) const PUBLISH: Operation = Operation {
    id: "publish",
    summary: "Publishes an event, a batch, or CloudEvents, all or nothing.",
    parameters: &[
        &CHANNEL,
        &IDEMPOTENCY_KEY,
        &EVENT_ID,
        &EVENT_SOURCE,
        &EVENT_HEADER,
        &EXPECT_HEAD,
        &EXPECT_CHANNEL_HEAD,
    ],
    body: &[
        ("*/*", ""),
        LINES,
        ("application/cloudevents+json", "CloudEvent"),
        ("application/cloudevents-batch+json", "CloudEvents"),
    ],
    answers: &[
        (201, "Published.", &[("application/json", "Published")]),
        (200, "Published before, under the same key.", &[("application/json", "Published")]),
        (412, "The head is not as expected.", &[("application/problem+json", "Problem")]),
    ],
};

pub(crate) const PUBLISH_LINES: Operation = Operation {
    id: "publishLines",
    summary: "Publishes a batch whose lines name their channels.",
    parameters: &[&IDEMPOTENCY_KEY, &EVENT_SOURCE, &EXPECT_HEAD],
    body: &[LINES],
    answers: &[
        (201, "Published.", &[("application/json", "Published")]),
        (200, "Published before.", &[("application/json", "Published")]),
        (412, "The head is not as expected.", &[("application/problem+json", "Problem")]),
    ],
};

pub(crate) const COMMIT: Operation = Operation {
    id: "commit",
    summary: "Publishes events, moves cursors and changes records, all or nothing.",
    parameters: &[],
    body: &[("application/json", "Commit")],
    answers: &[(200, "Done.", &[("application/json", "Receipt")])],
};

pub(crate) const LIST_CONSUMERS: Operation = Operation {
    id: "listConsumers",
    summary: "Lists consumers by name.",
    parameters: &[&AFTER_NAME, &LIMIT, &IN_STREAM],
    body: &[],
    answers: &[(200, "A page of consumers.", &[("application/json", "Consumers")])],
};

pub(crate) const SHOW_CONSUMER: Operation = Operation {
    id: "showConsumer",
    summary: "Shows where a consumer is.",
    parameters: &[&CONSUMER, &IN_STREAM],
    body: &[],
    answers: &[(200, "The consumer.", &[("application/json", "Consumer")])],
};

pub(crate) const PUT_CONSUMER: Operation = Operation {
    id: "putConsumer",
    summary: "Creates a consumer, or moves it by compare-and-set.",
    parameters: &[&CONSUMER, &IN_STREAM],
    body: &[("application/json", "PutConsumer")],
    answers: &[
        (200, "Moved.", &[("application/json", "Consumer")]),
        (201, "Created.", &[("application/json", "Consumer")]),
    ],
};

pub(crate) const ADVANCE_CONSUMER: Operation = Operation {
    id: "advanceConsumer",
    summary: "Moves a consumer on, by compare-and-set.",
    parameters: &[&CONSUMER, &IN_STREAM],
    body: &[("application/json", "AdvanceConsumer")],
    answers: &[(200, "Moved.", &[("application/json", "Consumer")])],
};

pub(crate) const REMOVE_CONSUMER: Operation = Operation {
    id: "removeConsumer",
    summary: "Removes a consumer.",
    parameters: &[&CONSUMER, &IN_STREAM],
    body: &[],
    answers: &[(204, "Removed.", &[])],
};

pub(crate) const LIST_CHANNELS: Operation = Operation {
    id: "listChannels",
    summary: "Lists channels that have retained events, by name.",
    parameters: &[&MORE_CHANNELS, &AFTER_NAME, &LIMIT, &IN_STREAM],
    body: &[],
    answers: &[(200, "A page of channels.", &[("application/json", "Channels")])],
};

pub(crate) const SHOW_CHANNEL: Operation = Operation {
    id: "showChannel",
    summary: "Shows what a channel has.",
    parameters: &[&CHANNEL, &IN_STREAM],
    body: &[],
    answers: &[(200, "The channel.", &[("application/json", "Channel")])],
};

pub(crate) const REMOVE_CHANNEL: Operation = Operation {
    id: "removeChannel",
    summary: "Removes every event of a channel; its readers are told a gap.",
    parameters: &[&CHANNEL, &IN_STREAM],
    body: &[],
    answers: &[(200, "How many went.", &[("application/json", "Removed")])],
};

pub(crate) const LIST_STREAMS: Operation = Operation {
    id: "listStreams",
    summary: "Lists the streams.",
    parameters: &[],
    body: &[],
    answers: &[(200, "The streams.", &[("application/json", "Streams")])],
};

pub(crate) const SHOW_STREAM: Operation = Operation {
    id: "showStream",
    summary: "Shows what a stream holds.",
    parameters: &[&STREAM],
    body: &[],
    answers: &[(200, "The stream.", &[("application/json", "Stream")])],
};

pub(crate) const REMOVE_STREAM: Operation = Operation {
    id: "removeStream",
    summary: "Removes a stream with everything in it; its readers are told a reset.",
    parameters: &[&STREAM],
    body: &[],
    answers: &[(204, "Removed.", &[])],
};

pub(crate) const TRIM_STREAM: Operation = Operation {
    id: "trimStream",
    summary: "Removes the oldest events of a stream until what is left keeps the limits.",
    parameters: &[&STREAM],
    body: &[("application/json", "Trim")],
    answers: &[(200, "How many went.", &[("application/json", "Removed")])],
};

pub(crate) const HEALTH: Operation = Operation {
    id: "health",
    summary: "Answers as long as the process is up.",
    parameters: &[],
    body: &[],
    answers: &[(200, "It is up.", &[("text/plain", "")])],
};

pub(crate) const READY: Operation = Operation {
    id: "ready",
    summary: "Answers whether the store can be asked now.",
    parameters: &[],
    body: &[],
    answers: &[
        (200, "It can.", &[("text/plain", "")]),
        (503, "It cannot.", &[("application/problem+json", "Problem")]),
    ],
};

pub(crate) const METRICS: Operation = Operation {
    id: "metrics",
    summary: "Shows the broker's counters, for Prometheus.",
    parameters: &[],
    body: &[],
    answers: &[(200, "The counters.", &[("application/openmetrics-text", "")])],
};

pub(crate) const OPENAPI: Operation = Operation {
    id: "openapi",
    summary: "Returns this document.",
    parameters: &[],
    body: &[],
    answers: &[(200, "This document.", &[("application/json", "")])],
};

pub(crate) const LANDING: Operation = Operation {
    id: "landing",
    summary: "Names what there is.",
    parameters: &[],
    body: &[],
    answers: &[(200, "A page of text.", &[("text/plain", "")])],
};
