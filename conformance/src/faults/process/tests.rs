#![cfg(unix)]

use super::*;
use std::os::unix::process::ExitStatusExt;

fn shell(script: &str) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Process::spawn(command).unwrap()
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn lines_come_one_by_one_and_then_no_more() {
    let mut process = shell("echo one; echo two; echo no good >&2; exit 3");
    assert_eq!(process.next_line(LONG).await.unwrap().as_deref(), Some("one"));
    assert_eq!(process.next_line(LONG).await.unwrap().as_deref(), Some("two"));
    assert_eq!(process.next_line(LONG).await.unwrap(), None);
    assert_eq!(process.wait(LONG).await.unwrap().code(), Some(3));
    // What has ended can be killed and terminated, and neither stopped nor continued.
    assert_eq!(process.kill().await.unwrap().code(), Some(3));
    assert_eq!(process.terminate(LONG).await.unwrap().code(), Some(3));
    assert_eq!(process.resume().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    let refused = process.pause().await.unwrap_err();
    assert!(refused.to_string().contains("has ended"), "{refused}");
}

#[tokio::test]
async fn a_silent_process_is_told_with_its_complaints() {
    let mut process = shell("echo no good >&2; echo ready; exec sleep 100");
    process.next_line(LONG).await.unwrap();
    while process.complaints().is_empty() {
        sleep(LOOK).await;
    }
    let late = process.next_line(SHORT).await.unwrap_err();
    assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    assert!(late.to_string().contains("no good"), "{late}");
    assert_eq!(process.wait(SHORT).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn killed_it_is_gone_and_what_it_printed_is_not() {
    let mut process = shell("echo one; echo two; printf thr; echo printed >&2; exec sleep 100");
    while process.complaints().is_empty() {
        sleep(LOOK).await;
    }
    assert_eq!(process.kill().await.unwrap().signal(), Some(9));
    for line in [Some("one"), Some("two"), Some("thr"), None] {
        assert_eq!(process.next_line(LONG).await.unwrap().as_deref(), line);
    }
}

#[tokio::test]
async fn stopped_it_prints_nothing_until_it_goes_on() {
    let mut process = shell("while :; do echo line; sleep 0.001; done");
    process.next_line(LONG).await.unwrap();
    process.pause().await.unwrap();
    // What it had printed is read, then there is nothing.
    while process.next_line(SHORT).await.is_ok() {}
    assert!(process.next_line(SHORT).await.is_err());
    process.resume().unwrap();
    assert_eq!(process.next_line(LONG).await.unwrap().as_deref(), Some("line"));
    process.pause().await.unwrap();
    assert_eq!(process.kill().await.unwrap().signal(), Some(9));
}

#[tokio::test]
async fn it_is_asked_to_end() {
    let mut process = shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    process.next_line(LONG).await.unwrap();
    assert_eq!(process.terminate(LONG).await.unwrap().code(), Some(0));
    assert_eq!(process.next_line(LONG).await.unwrap().as_deref(), Some("bye"));
    let mut deaf = shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    deaf.next_line(LONG).await.unwrap();
    assert_eq!(deaf.terminate(SHORT).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn dropped_it_is_killed_even_when_it_stands_still() {
    let mut process = shell("echo ready; exec sleep 100");
    process.next_line(LONG).await.unwrap();
    process.pause().await.unwrap();
    let number = rustix::process::Pid::from_child(&process.child);
    drop(process);
    assert!(rustix::process::test_kill_process(number).is_err());
}

#[tokio::test]
async fn complaints_without_end_hold_nobody_up() {
    let mut process = shell(
        "i=0; while [ $i -lt 4000 ]; do echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done; echo done",
    );
    assert_eq!(process.next_line(LONG).await.unwrap().as_deref(), Some("done"));
    assert!(process.complaints().len() <= MOST_COMPLAINTS);
}
