//! Servers whose test is gone.

use eventweir_conformance::Process;
use std::io;
use std::process::{Command, Stdio};

/// Ends a server once this process is gone: a test process may end without dropping what it has.
///
/// # Errors
/// When no process can be started.
pub(crate) fn end_when_orphaned(server: &Process) -> io::Result<()> {
    let script =
        "while kill -0 $1 && kill -0 $2; do sleep 1; done 2>/dev/null; kill -0 $1 2>/dev/null || kill -9 $2";
    let ids = [std::process::id().to_string(), server.id().to_string()];
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args(ids);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
}
