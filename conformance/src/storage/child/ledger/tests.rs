use super::*;
use crate::storage::child::Before;
use crate::storage::stream::StreamNames;
use crate::words::{event, seq};
use eventweir::Commit;
use eventweir_memory::MemoryStorage;

const SEED: u64 = 7;

/// A store, a ledger of it, and a writer that makes one commit after the other.
struct Desk {
    client: StreamClient,
    ledger: Ledger,
    next: Attempt,
}

impl Desk {
    async fn new() -> Self {
        let names = StreamNames::default();
        let client = StreamClient::new(Arc::new(MemoryStorage::new()), names.invent(), names);
        let ledger = Ledger::new(SEED, client.bounds().await.unwrap().epoch);
        let next = Attempt { life: 0, writer: 0, number: 0, before: Before::default() };
        Self { client, ledger, next }
    }

    /// Says what it will commit.
    fn attempt(&mut self) -> Attempt {
        self.ledger.note(Line::Attempt(self.next)).unwrap();
        self.next
    }

    /// Commits.
    async fn commit(&mut self) -> Receipt {
        let receipt = self.client.commit(&self.next.commit(SEED)).await.unwrap();
        self.next.before = self.next.after(SEED, receipt.head);
        self.next.number += 1;
        receipt
    }

    /// Commits, and says what it was told.
    async fn acknowledged(&mut self) -> Receipt {
        self.attempt();
        let receipt = self.commit().await;
        self.ledger.note(Line::acknowledged(0, &receipt)).unwrap();
        receipt
    }

    /// Says what it will commit next, which has several events, and returns it.
    async fn attempt_batch(&mut self) -> Attempt {
        while self.next.commit(SEED).append.len() < 2 {
            self.acknowledged().await;
        }
        self.attempt()
    }

    async fn found(&mut self) -> Law {
        self.ledger.settle(&self.client).await.unwrap_err().law()
    }
}

#[tokio::test]
async fn what_was_acknowledged_or_recovered_or_never_made_is_right() {
    let mut desk = Desk::new().await;
    for _ in 0..20 {
        desk.acknowledged().await;
    }
    // Made, and not acknowledged.
    desk.attempt();
    desk.commit().await;
    desk.ledger.settle(&desk.client).await.unwrap();
    desk.ledger.repeat(&desk.client).await.unwrap();
    assert!(desk.ledger.counts().starts_with("21 commits attempted, 20 acknowledged, 1 recovered"));
    // Never made: it happens when it is made again.
    desk.attempt();
    let before = desk.client.bounds().await.unwrap().head;
    desk.ledger.settle(&desk.client).await.unwrap();
    desk.ledger.repeat(&desk.client).await.unwrap();
    assert!(desk.client.bounds().await.unwrap().head > before);
    desk.ledger.settle(&desk.client).await.unwrap();
}

#[tokio::test]
async fn what_was_acknowledged_and_is_not_there_is_lost() {
    let mut desk = Desk::new().await;
    let receipt = desk.acknowledged().await;
    desk.attempt();
    let head = receipt.head.next();
    let events = vec![Appended { sequence: head, duplicate: false }];
    desk.ledger.note(Line::acknowledged(0, &Receipt { head, events, ..receipt })).unwrap();
    assert_eq!(desk.found().await, Law::Durable);
}

#[tokio::test]
async fn what_was_acknowledged_elsewhere_is_wrong() {
    let mut desk = Desk::new().await;
    desk.acknowledged().await;
    desk.attempt();
    let mut receipt = desk.commit().await;
    receipt.events[0].sequence = seq(1);
    desk.ledger.note(Line::acknowledged(0, &receipt)).unwrap();
    assert_eq!(desk.found().await, Law::Durable);
}

#[tokio::test]
async fn half_a_batch_is_found() {
    let mut desk = Desk::new().await;
    let batch = desk.attempt_batch().await.commit(SEED).append;
    desk.client.commit(&Commit::append(batch[..1].to_vec())).await.unwrap();
    assert_eq!(desk.found().await, Law::Atomic);
}

#[tokio::test]
async fn a_batch_with_others_in_between_is_found() {
    let mut desk = Desk::new().await;
    let batch = desk.attempt_batch().await.commit(SEED).append;
    // Of another writer, and right in itself.
    let other = Attempt { writer: 1, number: 0, before: Before::default(), ..desk.next };
    desk.client.commit(&Commit::append(batch[..1].to_vec())).await.unwrap();
    desk.ledger.note(Line::Attempt(other)).unwrap();
    let receipt = desk.client.commit(&other.commit(SEED)).await.unwrap();
    desk.ledger.note(Line::acknowledged(1, &receipt)).unwrap();
    desk.client.commit(&Commit::append(batch[1..].to_vec())).await.unwrap();
    assert_eq!(desk.found().await, Law::Atomic);
}

#[tokio::test]
async fn what_was_refused_and_is_there_is_a_lie() {
    let mut desk = Desk::new().await;
    desk.attempt();
    desk.commit().await;
    desk.ledger.note(Line::Failed(0, Effect::NotApplied, "no room".to_owned())).unwrap();
    assert_eq!(desk.ledger.failure(), Some("no room"));
    assert_eq!(desk.found().await, Law::Honest);
}

#[tokio::test]
async fn what_was_not_there_must_not_come_later() {
    let mut desk = Desk::new().await;
    desk.attempt();
    desk.ledger.settle(&desk.client).await.unwrap();
    desk.commit().await;
    assert_eq!(desk.found().await, Law::Honest);
}

#[tokio::test]
async fn what_nobody_published_is_unexpected() {
    let mut desk = Desk::new().await;
    desk.acknowledged().await;
    desk.client.publish(event("/w0", "unheard of")).await.unwrap();
    assert_eq!(desk.found().await, Law::Atomic);
}

#[tokio::test]
async fn an_event_that_is_there_in_another_form_is_found() {
    let mut desk = Desk::new().await;
    let batch = desk.attempt_batch().await.commit(SEED).append;
    let changed = batch.into_iter().map(|mut event| {
        event.data = "other".into();
        event
    });
    desk.client.commit(&Commit::append(changed)).await.unwrap();
    assert_eq!(desk.found().await, Law::Durable);
}

#[tokio::test]
async fn a_cursor_that_did_not_move_with_its_commit_is_found() {
    let mut desk = Desk::new().await;
    while !desk.next.moves(SEED) {
        desk.acknowledged().await;
    }
    desk.attempt();
    let events = Commit::append(desk.next.commit(SEED).append);
    let receipt = desk.client.commit(&events).await.unwrap();
    desk.ledger.note(Line::acknowledged(0, &receipt)).unwrap();
    assert_eq!(desk.found().await, Law::Atomic);
}
