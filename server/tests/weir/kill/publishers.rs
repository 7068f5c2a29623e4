//! Publishers that repeat what was not acknowledged, by the same ids.

use super::{SENTINEL, Scene, Seen, persist};
use crate::support::Request;
use serde_json::Value;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

/// Events in a batch of those that publish in batches.
const BATCH: u64 = 4;

/// Publishes to a channel of its own until the end: one by one, or in batches.
pub(super) struct Publisher {
    number: u64,
    scene: Scene,
    acknowledged: Vec<Seen>,
}

impl Publisher {
    pub(super) fn start(number: u64, scene: &Scene) -> JoinHandle<Vec<Seen>> {
        let mut publisher = Self { number, scene: scene.clone(), acknowledged: Vec::new() };
        std::thread::spawn(move || {
            while !publisher.scene.finishing.load(Ordering::SeqCst) {
                if number.is_multiple_of(2) { publisher.publish_one() } else { publisher.publish_batch() }
            }
            publisher.acknowledged
        })
    }

    fn publish_one(&mut self) {
        let (id, data) = self.event(self.acknowledged.len() as u64);
        let request = Request::post(&self.path(), data.as_bytes())
            .with("content-type", "application/json")
            .with("idempotency-key", &id);
        let answer = insist(&self.scene, &request);
        self.acknowledge(&answer, data);
    }

    fn publish_batch(&mut self) {
        let first = self.acknowledged.len() as u64;
        let events: Vec<_> = (first..first + BATCH).map(|number| self.event(number)).collect();
        let lines: String =
            events.iter().map(|(id, data)| format!("{{\"id\":\"{id}\",\"data\":{data}}}\n")).collect();
        let request =
            Request::post(&self.path(), lines.as_bytes()).with("content-type", "application/x-ndjson");
        let answer = insist(&self.scene, &request);
        for ((_, data), receipt) in events.into_iter().zip(answer["events"].as_array().unwrap()) {
            self.acknowledge(receipt, data);
        }
    }

    fn event(&self, number: u64) -> (String, String) {
        let publisher = self.number;
        (format!("{publisher}-{number}"), format!("{{\"by\":{publisher},\"no\":{number}}}"))
    }

    fn path(&self) -> String {
        format!("/v1/events/kill/{}", self.number)
    }

    fn acknowledge(&mut self, receipt: &Value, data: String) {
        let sequence = receipt["sequence"].as_u64().unwrap();
        self.acknowledged.push(Seen { sequence, data });
        self.scene.acknowledged.fetch_add(1, Ordering::SeqCst);
    }
}

/// Publishes what ends the log.
pub(super) fn publish_sentinel(scene: &Scene) {
    let request = Request::post("/v1/events/kill/end", SENTINEL.as_bytes())
        .with("content-type", "application/json")
        .with("idempotency-key", "end");
    insist(scene, &request);
}

/// Sends a request until it is acknowledged. Only a broker that is away or going may refuse.
fn insist(scene: &Scene, request: &Request) -> Value {
    persist("publishing", || {
        let answer = request.send(scene.address()).ok()?;
        match answer.status {
            200 | 201 => Some(answer.json()),
            503 => None,
            _ => panic!("{} {}", answer.status, answer.text()),
        }
    })
}
