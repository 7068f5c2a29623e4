use crate::client::Server;
use std::process::Command;

const DOCUMENT: &str = include_str!("../../../../docs/http.md");

/// Lists commands with the answers that stand below them.
fn examples() -> Vec<(&'static str, &'static str)> {
    let blocks = DOCUMENT.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines: Vec<_> = blocks.flat_map(str::lines).collect();
    lines.chunks(2).map(|pair| (pair[0].strip_prefix("$ ").unwrap(), pair[1])).collect()
}

/// Returns whether a text has all the parts between the ellipses, in their order, and nothing before or after them.
fn fits(text: &str, expected: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    for part in parts {
        match (part, rest.find(part)) {
            ("", _) => return true,
            (part, Some(at)) => rest = &rest[at + part.len()..],
            (_, None) => return false,
        }
    }
    rest.is_empty()
}

#[tokio::test]
async fn the_examples_of_the_documentation_are_true() {
    let server = Server::start().await;
    let examples = examples();
    assert!(examples.len() > 12);
    for (command, expected) in examples {
        let command = command.replace("127.0.0.1:7766", &server.addr.to_string());
        let run = move || Command::new("sh").args(["-c", &command]).output();
        let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && fits(&answer, expected), "{answer}\nis not\n{expected}");
    }
    server.stop().await;
}
