//! `weir conformance`, with brokers of its own on a store that is shared, and with several that run.

use crate::host::weir;
use crate::running::Running;
use crate::store::redis;
use std::path::Path;
use std::process::Output;

/// Runs a few cases of a few properties.
fn conformance(folder: &Path, arguments: &[&str]) -> Output {
    let few = ["sse::durable", "rse::kill_9_loses_nothing", "sse::every_selection_is_delivered"];
    let only = few.iter().flat_map(|word| ["--only", word]);
    weir(folder).args(["conformance", "--cases", "1"]).args(only).args(arguments).output().unwrap()
}

/// Returns what a green run printed.
fn green(ran: &Output) -> String {
    let text = String::from_utf8(ran.stdout.clone()).unwrap();
    assert!(ran.status.success(), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    text
}

/// Nothing of the suite is left, and what others have in the store stays as it is.
#[tokio::test(flavor = "multi_thread")]
async fn three_brokers_on_a_store_are_green_and_leave_it_as_it_was() {
    let (server, folder) = (redis().await, tempfile::tempdir().unwrap());
    server.ask(&["SET", "theirs", "1"]).await.unwrap();
    let ran = conformance(folder.path(), &["--storage", &server.url(), "--level", "wires"]);
    let told = green(&ran);
    assert!(!told.contains("skipped wires sse durable::"), "{told}");
    let left = server.ask(&["KEYS", "*"]).await.unwrap();
    let left: Vec<_> = left.items().iter().map(|key| key.text()).collect();
    assert_eq!(left, ["theirs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_run_are_green_and_not_killed() {
    let (server, folder) = (redis().await, tempfile::tempdir().unwrap());
    let running = Running::start(&server.url(), "200ms").await;
    let urls: Vec<_> = running.addresses.iter().map(ToString::to_string).collect();
    let arguments: Vec<_> = urls.iter().flat_map(|url| ["--url", url]).collect();
    let told = green(&conformance(folder.path(), &arguments));
    assert!(
        told.contains("skipped wires sse durable::kill_9_loses_nothing: the suite cannot kill it"),
        "{told}"
    );
}
