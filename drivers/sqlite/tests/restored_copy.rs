//! Sequences are never given out again silently: a file that lost acknowledged commits, or that is a copy, has new epochs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use std::fs;
use std::path::Path;
use support::*;

async fn is_reset(path: &Path, position: Position) -> bool {
    let storage = open(path).await;
    let query = ReadQuery::new(Selector::all(), Start::At(position));
    storage.read(&main_stream(), &query).await.unwrap().reset.is_some()
}

#[tokio::test]
async fn an_older_copy_in_the_place_of_the_file_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let storage = open(&path).await;
    publish(&storage, "/a", "1").await;
    storage.close().await.unwrap();
    let backup = fs::read(&path).unwrap();
    let storage = open(&path).await;
    let position = publish(&storage, "/a", "2").await.position();
    storage.close().await.unwrap();
    assert!(!is_reset(&path, position).await, "nothing happened yet");

    // Written over the file itself, so that only the note beside it tells.
    fs::write(&path, &backup).unwrap();
    assert!(is_reset(&path, position).await);
    // Once: positions of the new epoch are good after the next restart.
    let position = open(&path).await.bounds(&main_stream()).await.unwrap().position();
    assert!(!is_reset(&path, position).await);
}

#[tokio::test]
async fn a_copy_has_other_epochs_and_the_original_keeps_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("events.db"), dir.path().join("copy.db"));
    let storage = open(&path).await;
    let position = publish(&storage, "/a", "1").await.position();
    storage.close().await.unwrap();
    fs::copy(&path, &copy).unwrap();
    assert!(is_reset(&copy, position).await);
    assert!(!is_reset(&path, position).await);
    // A new name is no copy.
    fs::rename(&path, dir.path().join("renamed.db")).unwrap();
    assert!(!is_reset(&dir.path().join("renamed.db"), position).await);
}
